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

CREATE OR REPLACE TEMP TABLE person AS
SELECT person, birth_date, death_date, file_row_number * getvariable('income_span') AS first_row
FROM read_parquet(getvariable('persons'), file_row_number = true);

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

-- Method 4. Income of a person in a year is the row first_row + year - first_income_year of the dense table: 0 to 4 for q1 to q5, 5
-- student, 6 institutional, 7 unknown.
INSERT INTO mover
WITH moved AS (
    SELECT 'events' AS count, * FROM event UNION ALL SELECT 'transitions', * FROM transition
),
alive AS (
    SELECT
        moved.*,
        birth_date,
        CASE
            WHEN year(move_date) - getvariable('lag_years') - getvariable('first_income_year')
                BETWEEN 0 AND getvariable('income_span') - 1
                THEN first_row + year(move_date) - getvariable('lag_years') - getvariable('first_income_year')
        END AS income_row
    FROM moved
    JOIN person USING (person)
    WHERE death_date IS NULL OR move_date < death_date OR (move_date = death_date AND count = 'events')
),
income AS (
    SELECT
        file_row_number AS income_row,
        CASE
            WHEN population = 2 THEN 5
            WHEN population IN (3, 8) THEN 6
            WHEN percentile IS NULL THEN 7
            ELSE (percentile - 1) // 20
        END::UTINYINT AS income_class
    FROM read_parquet(getvariable('income'), file_row_number = true)
)
SELECT count, person, birth_date, move_date, before_date, origin, destination, coalesce(income_class, 7) AS income_class
FROM alive
LEFT JOIN income USING (income_row);
