-- One partition of persons: its events and transitions, appended to the table mover.

CREATE OR REPLACE TEMP VIEW registration AS
SELECT person, start_date, coalesce(end_date, DATE '9999-12-31') AS end_date, object
FROM read_parquet(getvariable('registrations'));

-- Nearly nobody is registered twice at once; the few who are, are untangled.
CREATE OR REPLACE TEMP TABLE tangled AS
SELECT DISTINCT person
FROM (
    SELECT person, lag(person) OVER () = person AND lag(end_date) OVER () > start_date AS is_tangled FROM registration
)
WHERE is_tangled;

CREATE OR REPLACE TEMP VIEW tangled_registration AS FROM registration SEMI JOIN tangled USING (person);
CREATE OR REPLACE TEMP TABLE untangled AS FROM untangle(tangled_registration);
CREATE OR REPLACE TEMP TABLE untangled_spell AS FROM bridge(untangled);
-- In the order of the file, so with everybody in it; the tangled drop out below, where order no longer matters.
CREATE OR REPLACE TEMP TABLE spell AS FROM bridge(registration);

-- Method 4. All classes of a person in one number, four bits a year: 0 to 4 for q1 to q5, 5 student, 6 institutional, 7 unknown.
CREATE OR REPLACE TEMP TABLE person AS
SELECT person, birth_date, death_date, classes
FROM (
    SELECT person, birth_date, death_date, file_row_number AS place
    FROM read_parquet(getvariable('persons'), file_row_number = true)
)
JOIN (
    SELECT
        file_row_number // getvariable('income_span') AS place,
        bit_or(
            CASE
                WHEN population = 2 THEN 5
                WHEN population IN (3, 8) THEN 6
                WHEN percentile IS NULL THEN 7
                ELSE (percentile - 1) // 20
            END::packed << (4 * (file_row_number % getvariable('income_span')))::packed
        ) AS classes
    FROM read_parquet(getvariable('income'), file_row_number = true)
    GROUP BY ALL
) USING (place);

CREATE OR REPLACE TEMP TABLE event AS
FROM events(spell) ANTI JOIN tangled USING (person)
UNION ALL
FROM events(untangled_spell);

-- A stock leaves out who died that day; both stocks are of private households.
CREATE OR REPLACE TEMP TABLE transition AS
WITH found AS (
    FROM transitions(spell) ANTI JOIN tangled USING (person)
    UNION ALL
    FROM transitions(untangled_spell)
),
private AS (
    SELECT person, start_date, coalesce(end_date, DATE '9999-12-31') AS end_date
    FROM read_parquet(getvariable('households'))
    WHERE household_type BETWEEN 1 AND 7
)
SELECT found.*
FROM found
JOIN private AS before
    ON before.person = found.person AND before.start_date <= found.before_date AND before.end_date > found.before_date
JOIN private AS after
    ON after.person = found.person AND after.start_date <= found.move_date AND after.end_date > found.move_date;

INSERT INTO mover
SELECT count, person, birth_date, move_date, before_date, origin, destination, class_in(classes, year(move_date))
FROM (
    SELECT 'events' AS count, * FROM event UNION ALL SELECT 'transitions', * FROM transition
)
JOIN person USING (person)
WHERE death_date IS NULL OR move_date < death_date OR (move_date = death_date AND count = 'events');
