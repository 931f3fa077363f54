-- All partitions together: the account of every place, class and year, and of the country (method 5). Uses the tables of areas.sql.

CREATE TEMP TABLE lost AS SELECT place_number FROM place_name WHERE place = 'unplaceable';

CREATE TEMP TABLE posting AS
WITH added AS (
    SELECT year, component, area, income_class, sum(persons)::BIGINT AS persons, sum(households)::BIGINT AS households
    FROM entry
    GROUP BY ALL
),
-- Who comes from abroad to, or goes abroad from, an unplaceable address is coverage there.
placed AS (
    SELECT
        year,
        CASE
            WHEN lost.place_number IS NOT NULL AND component = 'immigration' THEN 'coverage_in'
            WHEN lost.place_number IS NOT NULL AND component = 'emigration' THEN 'coverage_out'
            ELSE component
        END::component AS component,
        place.place_number,
        income_class,
        persons,
        households
    FROM added
    JOIN place USING (area)
    LEFT JOIN lost ON lost.place_number = place.place_number
),
stepped AS (
    SELECT year, is_move, origin, destination, class_before, class_after, sum(persons)::BIGINT AS persons,
        sum(households)::BIGINT AS households
    FROM step
    GROUP BY ALL
),
-- Steps between two places of a level; to or from an unplaceable address a move is coverage.
between_places AS (
    SELECT
        year,
        CASE
            WHEN NOT is_move THEN 'class'
            WHEN from_lost.place_number IS NULL AND to_lost.place_number IS NULL THEN 'moves'
            ELSE 'coverage'
        END AS kind,
        here.place_number AS origin_number,
        there.place_number AS destination_number,
        class_before,
        class_after,
        sum(persons)::BIGINT AS persons,
        sum(households)::BIGINT AS households
    FROM stepped
    JOIN place AS here ON here.area = origin
    JOIN place AS there ON there.area = destination AND there.level = here.level
    LEFT JOIN lost AS from_lost ON from_lost.place_number = here.place_number
    LEFT JOIN lost AS to_lost ON to_lost.place_number = there.place_number
    WHERE here.place_number <> there.place_number
    GROUP BY ALL
)
FROM placed
UNION ALL
SELECT
    year,
    CASE kind WHEN 'class' THEN 'class_out_movers' WHEN 'moves' THEN 'moves_out' ELSE 'coverage_out' END::component,
    CASE kind WHEN 'class' THEN destination_number ELSE origin_number END,
    class_before,
    persons,
    households
FROM between_places
UNION ALL
SELECT
    year,
    CASE kind WHEN 'class' THEN 'class_in_movers' WHEN 'moves' THEN 'moves_in' ELSE 'coverage_in' END::component,
    destination_number,
    class_after,
    persons,
    households
FROM between_places;

CREATE TEMP TABLE cell AS
WITH of_unit AS (
    SELECT 'persons' AS unit, year, component, place_number, income_class, persons AS counted FROM posting WHERE persons > 0
    UNION ALL
    SELECT 'households', year, component, place_number, income_class, households FROM posting WHERE households > 0
)
SELECT
    unit,
    year,
    place_number,
    income_class,
    coalesce(sum(counted) FILTER (component = 'stock_start'), 0)::BIGINT AS stock_start,
    coalesce(sum(counted) FILTER (component = 'moves_in'), 0)::BIGINT AS moves_in,
    coalesce(sum(counted) FILTER (component = 'moves_out'), 0)::BIGINT AS moves_out,
    coalesce(sum(counted) FILTER (component = 'births'), 0)::BIGINT AS births,
    coalesce(sum(counted) FILTER (component = 'deaths'), 0)::BIGINT AS deaths,
    coalesce(sum(counted) FILTER (component = 'immigration'), 0)::BIGINT AS immigration,
    coalesce(sum(counted) FILTER (component = 'emigration'), 0)::BIGINT AS emigration,
    coalesce(sum(counted) FILTER (component = 'class_in'), 0)::BIGINT AS class_in,
    coalesce(sum(counted) FILTER (component = 'class_out'), 0)::BIGINT AS class_out,
    coalesce(sum(counted) FILTER (component = 'class_in_movers'), 0)::BIGINT AS class_in_movers,
    coalesce(sum(counted) FILTER (component = 'class_out_movers'), 0)::BIGINT AS class_out_movers,
    coalesce(sum(counted) FILTER (component = 'coverage_in'), 0)::BIGINT AS coverage_in,
    coalesce(sum(counted) FILTER (component = 'coverage_out'), 0)::BIGINT AS coverage_out,
    coalesce(sum(counted) FILTER (component = 'formed'), 0)::BIGINT AS formed,
    coalesce(sum(counted) FILTER (component = 'dissolved'), 0)::BIGINT AS dissolved,
    coalesce(sum(counted) FILTER (component = 'stock_end'), 0)::BIGINT AS stock_end
FROM of_unit
GROUP BY ALL;

CREATE TEMP VIEW account AS
SELECT
    unit,
    level,
    year,
    place,
    ['q1', 'q2', 'q3', 'q4', 'q5', 'student', 'institutional', 'unknown'][income_class + 1] AS income_class,
    cell.* EXCLUDE (unit, year, place_number, income_class),
    stock_start + moves_in - moves_out + births - deaths + immigration - emigration + class_in - class_out
        + coverage_in - coverage_out + formed - dissolved - stock_end AS residual
FROM cell
JOIN place_name USING (place_number)
ORDER BY ALL;

COPY account TO (getvariable('account')) (FORMAT parquet);
