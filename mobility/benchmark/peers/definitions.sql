-- What the other two files use. Intervals are half-open; an end that is still open is the day 9999-12-31.
-- Paths and definitions of the study are variables, set by in_duckdb.py.

-- Method 1, overlaps. Every stretch between two days on which something starts or ends goes to the registration that started last;
-- ties: ends last, then the smallest object. Gives stretches sorted by person and start.
CREATE MACRO untangle(registrations) AS TABLE
WITH claim AS MATERIALIZED (
    FROM query_table(registrations)
),
edge AS (
    SELECT person, start_date AS day FROM claim UNION SELECT person, end_date FROM claim
),
stretch AS (
    SELECT person, day, lead(day) OVER (PARTITION BY person ORDER BY day) AS until FROM edge
)
SELECT stretch.person, stretch.day AS start_date, stretch.until AS end_date, claim.object
FROM stretch
JOIN claim ON claim.person = stretch.person AND claim.start_date <= stretch.day AND claim.end_date > stretch.day
WHERE stretch.until IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY stretch.person, stretch.day ORDER BY claim.start_date DESC, claim.end_date DESC, claim.object
) = 1
ORDER BY stretch.person, stretch.day;

-- The macros below take rows sorted by person and start. An empty OVER keeps the order of the rows and sorts nothing.

-- Method 1, holes. In a hole of at most slack_days the person still lives at the first object.
CREATE MACRO bridge(spells) AS TABLE
SELECT
    person,
    start_date,
    CASE
        WHEN lead(person) OVER () = person
            AND lead(start_date) OVER () - end_date BETWEEN 1 AND getvariable('slack_days')
            THEN lead(start_date) OVER ()
        ELSE end_date
    END AS end_date,
    object
FROM query_table(spells);

-- Method 3, events: the object changes, without absence in between.
CREATE MACRO events(spells) AS TABLE
SELECT
    person,
    start_date AS move_date,
    start_date - 1 AS before_date,
    lag(object) OVER () AS origin,
    object AS destination
FROM query_table(spells)
QUALIFY lag(person) OVER () = person
    AND lag(end_date) OVER () = start_date
    AND lag(object) OVER () <> object
    AND year(start_date) BETWEEN getvariable('first_year') AND getvariable('last_year');

-- Method 3, transitions: the objects of two consecutive stocks differ. The stock of a year is that of its 31 December, or of the
-- cut-off. Of each spell the first and the last stock it covers; spells that cover none fall out.
CREATE MACRO stock_of_year(y) AS least(make_date(y, 12, 31), getvariable('cut_off'));

-- The first and the last stock that a period covers.
CREATE MACRO first_stock(start_date) AS greatest(year(start_date), getvariable('first_year') - 1);
CREATE MACRO last_stock(end_date) AS least(
    CASE WHEN end_date > getvariable('cut_off') THEN year(getvariable('cut_off')) ELSE year(end_date) - 1 END,
    getvariable('last_year')
);

CREATE MACRO transitions(spells) AS TABLE
WITH covering AS (
    SELECT person, object, first_stock(start_date) AS first_stock, last_stock(end_date) AS last_stock FROM query_table(spells)
)
SELECT
    person,
    stock_of_year(first_stock) AS move_date,
    stock_of_year(first_stock - 1) AS before_date,
    lag(object) OVER () AS origin,
    object AS destination
FROM (FROM covering WHERE first_stock <= last_stock)
QUALIFY lag(person) OVER () = person
    AND lag(last_stock) OVER () = first_stock - 1
    AND lag(object) OVER () <> object;

-- Method 4. Class of a person in a year; 7 (unknown) where there is no income of lag_years before.
CREATE MACRO class_in(classes, in_year) AS
CASE
    WHEN in_year - getvariable('lag_years') - getvariable('first_income_year') BETWEEN 0 AND getvariable('income_span') - 1
        THEN ((classes >> (4 * (in_year - getvariable('lag_years') - getvariable('first_income_year')))::packed) & 15)::UTINYINT
    ELSE 7::UTINYINT
END;

-- Method 5, the account. Spells with what comes before and after in the life of a person, and the stocks they cover.
CREATE MACRO lives(spells) AS TABLE
SELECT
    person,
    start_date,
    end_date,
    object,
    lag(person) OVER () IS DISTINCT FROM person AS is_first,
    CASE WHEN lag(person) OVER () = person THEN lag(end_date) OVER () END AS left_before,
    CASE WHEN lag(person) OVER () = person THEN lag(object) OVER () END AS object_before,
    CASE WHEN lead(person) OVER () = person THEN lead(start_date) OVER () END AS next_start
FROM query_table(spells);

-- Days on which a person becomes (true) or is no longer (false) a reference person, and the stocks of each period as one.
CREATE MACRO heads(households) AS TABLE
SELECT
    person,
    start_date,
    end_date,
    NOT coalesce(lag(person) OVER () = person AND lag(end_date) OVER () = start_date, false) AS begins,
    NOT coalesce(lead(person) OVER () = person AND lead(start_date) OVER () = end_date, false) AS ends
FROM query_table(households);

-- The year of the day after a stock.
CREATE MACRO year_after(stock) AS least(stock + 1, year(getvariable('cut_off') + 1));

-- Filled partition by partition. One row per move of a person, of either count; income_class is 0 to 4 for q1 to q5, 5 student, 6
-- institutional, 7 unknown.
CREATE TYPE move_count AS ENUM ('events', 'transitions');
CREATE TABLE mover (
    count move_count,
    person UINTEGER,
    birth_date DATE,
    move_date DATE,
    before_date DATE,
    origin UINTEGER,
    destination UINTEGER,
    income_class UTINYINT
);

-- Likewise: what happened to persons and, as reference persons, households, by area; class_after is that of the year that follows a stock.
CREATE TYPE component AS ENUM (
    'stock_start', 'births', 'deaths', 'immigration', 'emigration', 'class_in', 'class_out', 'coverage_in', 'coverage_out',
    'formed', 'dissolved', 'stock_end', 'moves_in', 'moves_out', 'class_in_movers', 'class_out_movers'
);
CREATE TABLE entry (
    year SMALLINT, component component, area UINTEGER, income_class UTINYINT, persons BIGINT, households BIGINT
);
CREATE TABLE step (
    year SMALLINT,
    is_move BOOLEAN,
    origin UINTEGER,
    destination UINTEGER,
    class_before UTINYINT,
    class_after UTINYINT,
    persons BIGINT,
    households BIGINT
);
CREATE TABLE area_of_object AS
SELECT file_row_number::UINTEGER AS object, area
FROM read_parquet(getvariable('objects'), file_row_number = true);
