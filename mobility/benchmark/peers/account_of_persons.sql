-- One partition of persons: its account by area, appended to the tables entry and step. Uses the tables of persons.sql.

CREATE OR REPLACE TEMP TABLE life AS
WITH lived AS (
    FROM lives(spell) ANTI JOIN tangled USING (person)
    UNION ALL
    FROM lives(untangled_spell)
)
SELECT
    person,
    classes,
    birth_date,
    start_date,
    least(end_date, coalesce(death_date + 1, DATE '9999-12-31')) AS end_date,
    -- A stock leaves out who died that day.
    least(end_date, coalesce(death_date, DATE '9999-12-31')) AS alive_until,
    coalesce(death_date + 1 <= end_date, false) AS dies,
    is_first,
    left_before,
    CASE WHEN next_start <= coalesce(death_date, DATE '9999-12-31') THEN next_start END AS next_start,
    here.area,
    there.area AS area_before
FROM lived
JOIN person USING (person)
JOIN area_of_object AS here USING (object)
LEFT JOIN area_of_object AS there ON there.object = object_before
WHERE start_date <= coalesce(death_date, DATE '9999-12-31');

CREATE OR REPLACE TEMP VIEW head_spell AS
SELECT person, start_date, coalesce(end_date, DATE '9999-12-31') AS end_date
FROM read_parquet(getvariable('households'))
WHERE reference_person;

CREATE OR REPLACE TEMP TABLE head AS FROM heads(head_spell);

CREATE OR REPLACE TEMP VIEW migration AS
SELECT person, migration_date, migration_kind FROM read_parquet(getvariable('gbamigratiebus'));

-- Who begins or ends to live here, moves to another area, becomes or ceases to be a reference person. day_there is a day on which the
-- person lives in the area.
CREATE OR REPLACE TEMP TABLE happening AS
WITH arrival AS (
    SELECT person, classes, start_date AS day, start_date AS day_there, area, birth_date, is_first
    FROM life
    WHERE (is_first OR left_before < start_date)
        AND year(start_date) BETWEEN getvariable('first_year') AND getvariable('last_year')
),
departure AS (
    SELECT person, classes, CASE WHEN dies THEN end_date - 1 ELSE end_date END AS day, end_date - 1 AS day_there, area, dies
    FROM life
    WHERE end_date < DATE '9999-12-31' AND (next_start IS NULL OR next_start > end_date)
),
re_entry AS (
    SELECT DISTINCT person, day
    FROM arrival
    JOIN migration USING (person)
    WHERE migration_kind = 're_entry' AND abs(migration_date - day) <= getvariable('slack_days')
),
removal AS (
    SELECT DISTINCT person, day
    FROM departure
    JOIN migration USING (person)
    WHERE NOT dies AND migration_kind = 'removal' AND abs(migration_date - day) <= getvariable('slack_days')
),
change AS (
    SELECT person, start_date AS day, 'formed' AS component FROM head WHERE begins
    UNION ALL
    SELECT person, end_date, 'dissolved' FROM head WHERE ends AND end_date < DATE '9999-12-31'
)
SELECT
    person,
    classes,
    day,
    day_there,
    CASE
        WHEN is_first AND day >= birth_date AND day < birth_date + INTERVAL 2 MONTH THEN 'births'
        WHEN (is_first AND day = getvariable('first_day')) OR re_entry.person IS NOT NULL THEN 'coverage_in'
        ELSE 'immigration'
    END AS component,
    area,
    NULL::UINTEGER AS area_before
FROM arrival
LEFT JOIN re_entry USING (person, day)
UNION ALL
SELECT
    person,
    classes,
    day,
    day_there,
    CASE WHEN dies THEN 'deaths' WHEN removal.person IS NOT NULL THEN 'coverage_out' ELSE 'emigration' END,
    area,
    NULL
FROM departure
LEFT JOIN removal USING (person, day)
WHERE year(day) BETWEEN getvariable('first_year') AND getvariable('last_year') AND day <= getvariable('last_day')
UNION ALL
SELECT
    change.person,
    here.classes,
    day,
    NULL,
    component,
    CASE
        WHEN component = 'formed' THEN here.area
        WHEN here.start_date < day THEN here.area
        ELSE here.area_before
    END,
    NULL
FROM change
JOIN life AS here
    ON here.person = change.person
    AND here.start_date <= day AND here.end_date > day
    AND (here.start_date < day OR here.left_before = day)
WHERE year(day) BETWEEN getvariable('first_year') AND getvariable('last_year') AND day <= getvariable('last_day')
UNION ALL
SELECT person, classes, start_date, start_date, NULL, area, area_before
FROM life
WHERE left_before = start_date
    AND area <> area_before
    AND year(start_date) BETWEEN getvariable('first_year') AND getvariable('last_year')
    AND start_date <= getvariable('last_day');

-- A household moves when its reference person heads one on the day before and on the day itself.
CREATE OR REPLACE TEMP TABLE headed AS
SELECT happening.person, day, component, area, true AS is_head
FROM happening
JOIN head ON head.person = happening.person AND head.start_date <= day_there AND head.end_date > day_there
WHERE component IS NOT NULL
UNION ALL
SELECT happening.person, day, component, area, true
FROM happening
JOIN head AS was ON was.person = happening.person AND was.start_date <= day - 1 AND was.end_date > day - 1
JOIN head AS becomes ON becomes.person = happening.person AND becomes.start_date <= day AND becomes.end_date > day
WHERE component IS NULL;

INSERT INTO entry
SELECT
    year(day),
    happening.component,
    happening.area,
    class_in(classes, year(day)),
    count(*) FILTER (happening.component NOT IN ('formed', 'dissolved')),
    count(*) FILTER (is_head OR happening.component IN ('formed', 'dissolved'))
FROM happening
LEFT JOIN headed USING (person, day, component)
WHERE happening.component IS NOT NULL
GROUP BY ALL;

INSERT INTO step
SELECT
    year(day),
    true,
    area_before,
    happening.area,
    class_in(classes, year(day)),
    class_in(classes, year(day)),
    count(*),
    count(is_head)
FROM happening
LEFT JOIN (FROM headed WHERE component IS NULL) AS headed USING (person, day)
WHERE happening.component IS NULL
GROUP BY ALL;

-- Residents at every stock, with their area and whether they headed a household at the stock before.
CREATE OR REPLACE TEMP TABLE inhabitant AS
WITH head_period AS (
    SELECT
        person,
        first_stock(start_date) AS first_stock,
        last_stock(end_date) AS last_stock
    FROM head
),
head_at AS (
    SELECT person, unnest(range(first_stock, last_stock + 1)) AS stock FROM head_period WHERE first_stock <= last_stock
),
period AS (
    SELECT
        person, classes, area, first_stock(start_date) AS first_stock, last_stock(alive_until) AS last_stock
    FROM life
),
lives_at AS (
    SELECT person, classes, area, unnest(range(first_stock, last_stock + 1)) AS stock
    FROM period
    WHERE first_stock <= last_stock
)
SELECT lives_at.*, head_at.person IS NOT NULL AS is_head
FROM lives_at
LEFT JOIN head_at USING (person, stock);

CREATE OR REPLACE TEMP TABLE changed AS
SELECT
    here.stock,
    here.area,
    before.area AS area_before,
    class_in(here.classes, here.stock) AS class_before,
    class_in(here.classes, year_after(here.stock)) AS class_after,
    count(*) AS persons,
    count(*) FILTER (here.is_head) AS heads,
    count(*) FILTER (here.is_head AND before.is_head) AS heads_before
FROM inhabitant AS here
LEFT JOIN inhabitant AS before ON before.person = here.person AND before.stock = here.stock - 1
WHERE here.stock >= getvariable('first_year')
    AND class_in(here.classes, here.stock) <> class_in(here.classes, year_after(here.stock))
GROUP BY ALL;

INSERT INTO entry
WITH counted AS (
    SELECT stock, area, class_in(classes, year_after(stock)) AS income_class, count(*) AS persons,
        count(*) FILTER (is_head) AS households
    FROM inhabitant
    GROUP BY ALL
)
SELECT stock + 1, 'stock_start', area, income_class, persons, households
FROM counted
WHERE stock < getvariable('last_year')
UNION ALL
SELECT stock, 'stock_end', area, income_class, persons, households
FROM counted
WHERE stock >= getvariable('first_year')
UNION ALL
SELECT
    stock,
    CASE WHEN area_before IS NULL THEN 'coverage_out' ELSE 'class_out' END,
    area,
    class_before,
    sum(persons),
    sum(CASE WHEN area_before IS NULL THEN heads ELSE heads_before END)
FROM changed
GROUP BY ALL
UNION ALL
SELECT
    stock,
    CASE WHEN area_before IS NULL THEN 'coverage_in' ELSE 'class_in' END,
    area,
    class_after,
    sum(persons),
    sum(CASE WHEN area_before IS NULL THEN heads ELSE heads_before END)
FROM changed
GROUP BY ALL
UNION ALL
SELECT stock, 'coverage_out', area, class_before, 0, sum(heads - heads_before)
FROM changed
WHERE area_before IS NOT NULL
GROUP BY ALL
UNION ALL
SELECT stock, 'coverage_in', area, class_after, 0, sum(heads - heads_before)
FROM changed
WHERE area_before IS NOT NULL
GROUP BY ALL;

INSERT INTO step
SELECT stock, false, area_before, area, class_before, class_after, sum(persons), sum(heads_before)
FROM changed
WHERE area_before <> area
GROUP BY ALL;
