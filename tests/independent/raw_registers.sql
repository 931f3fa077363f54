-- The flows of a country, counted from its registers as delivered (Parquet), by docs/explanation/method.md sections 1 to 5: nothing of
-- the program is read or used, and nothing but its table `flows` is compared. Paths and the zoning are filled in by
-- test_raw_registers.py. Intervals are half-open; an open end is the day 9999-12-31.

CREATE MACRO day(text) AS try_strptime(CASE WHEN regexp_full_match(trim(text), '\d{8}') THEN trim(text) END, '%Y%m%d')::DATE;
CREATE MACRO cut_off() AS DATE '2023-12-31';
CREATE MACRO forever() AS DATE '9999-12-31';
-- First day after a last day; open: without end, or after the cut-off.
CREATE MACRO day_after(text) AS CASE
    WHEN trim(text) IN ('20501231', '88888888') OR day(text) > cut_off() THEN forever()
    ELSE day(text) + 1
END;

-- ---- Places (method 2) ----------------------------------------------------------------------------------------------------------

CREATE TABLE located AS
WITH listed AS (
    SELECT DISTINCT trim(SOORTOBJECTNUMMER) || trim(RINOBJECTNUMMER) AS object, trim(gem2023) AS gem, trim(wc2023) AS wc,
        trim(bc2023) AS bc
    FROM read_parquet(getvariable('vslgwb'))
),
further AS (
    SELECT DISTINCT trim(SOORTOBJECTNUMMER) || trim(RINOBJECTNUMMER), trim(gem2023), trim(wc2023), trim(bc2023)
    FROM read_parquet(getvariable('nietvslgwb'))
    WHERE trim(SOORTOBJECTNUMMER) || trim(RINOBJECTNUMMER) NOT IN (SELECT object FROM listed)
)
SELECT
    object,
    'GM' || gem AS gemeente,
    CASE WHEN wc = '' OR contains(wc, '-') THEN 'unplaceable' ELSE 'WK' || wc END AS wijk,
    CASE WHEN bc = '' OR contains(bc, '-') THEN 'unplaceable' ELSE 'BU' || bc END AS buurt
FROM (FROM listed UNION ALL FROM further)
WHERE gem <> '' AND NOT contains(gem, '-');

CREATE TABLE place AS
SELECT
    located.*,
    coalesce(b.role, w.role, g.role, 'elsewhere') AS role,
    coalesce(b.region, w.region, g.region, 'elsewhere') AS region
FROM located
LEFT JOIN zoning AS b ON b.code = buurt
LEFT JOIN zoning AS w ON w.code = wijk
LEFT JOIN zoning AS g ON g.code = gemeente;

CREATE TABLE standing AS
SELECT
    object,
    gemeente || wijk || buurt AS area,
    XCOORDADRES AS x,
    YCOORDADRES AS y,
    object IN (
        SELECT trim(SOORTOBJECTNUMMER) || trim(RINOBJECTNUMMER)
        FROM read_parquet(getvariable('lifecycle'))
        GROUP BY ALL
        HAVING bool_and(day_after(EINDLEVCYCLWOONNIETWOON) < forever())
    ) AS is_demolished
FROM place
LEFT JOIN (
    SELECT DISTINCT trim(SOORTOBJECTNUMMER) || trim(RINOBJECTNUMMER) AS object, XCOORDADRES, YCOORDADRES
    FROM read_parquet(getvariable('coordinates'))
) USING (object);

-- ---- Residence (method 1) -------------------------------------------------------------------------------------------------------

CREATE TABLE registration AS
SELECT DISTINCT
    trim(RINPERSOON) AS person,
    day(GBADATUMAANVANGADRESHOUDING) AS begins,
    day_after(GBADATUMEINDEADRESHOUDING) AS ends,
    trim(SOORTOBJECTNUMMER) || trim(RINOBJECTNUMMER) AS object
FROM read_parquet(getvariable('addresses'))
WHERE trim(RINPERSOONS) = 'R' AND begins IS NOT NULL AND ends > begins AND begins <= cut_off();

CREATE TABLE death AS
SELECT trim(RINPERSOON) AS person, min(day(GBADatumOverlijden)) AS died
FROM read_parquet(getvariable('deaths'))
WHERE trim(RINPERSOONS) = 'R' AND day(GBADatumOverlijden) <= cut_off()
GROUP BY ALL;

-- On every stretch between two days on which something of a person begins or ends, the registration that began last; of those the one
-- that ends last; of those the smallest object.
CREATE TABLE stretch AS
WITH edge AS (SELECT person, begins AS day FROM registration UNION SELECT person, ends FROM registration),
piece AS (SELECT person, day AS begins, lead(day) OVER (PARTITION BY person ORDER BY day) AS ends FROM edge)
SELECT piece.person, piece.begins, piece.ends,
    arg_max(object, (r.begins, r.ends, -object_rank)) AS object
FROM piece
JOIN (
    SELECT registration.*, dense_rank() OVER (ORDER BY object) AS object_rank FROM registration
) AS r ON r.person = piece.person AND r.begins <= piece.begins AND r.ends >= piece.ends
GROUP BY ALL;

-- Holes of at most 31 days belong to the address before; the day of death is the last.
CREATE TABLE stay AS
WITH bridged AS (
    SELECT person, begins, object, lead(begins) OVER (PARTITION BY person ORDER BY begins) AS next,
        CASE WHEN next - ends BETWEEN 1 AND 31 THEN next ELSE ends END AS ends
    FROM stretch
)
SELECT person, begins, least(ends, coalesce(died + 1, forever())) AS ends, object, died
FROM bridged
LEFT JOIN death USING (person)
WHERE died IS NULL OR begins <= died;

-- ---- Households on a day --------------------------------------------------------------------------------------------------------

CREATE TABLE household AS
SELECT
    trim(RINPERSOON) AS person,
    trim(TYPHH::VARCHAR) AS kind,
    day(DATUMAANVANGHH) AS begins,
    day_after(DATUMEINDEHH) AS ends
FROM read_parquet(getvariable('households'))
WHERE trim(RINPERSOONS) = 'R' AND begins IS NOT NULL AND ends > begins AND begins <= cut_off();

-- ---- Moves (method 3) -----------------------------------------------------------------------------------------------------------

CREATE TABLE event AS
SELECT person, begins AS day, begins - 1 AS day_before, before AS origin, object AS destination
FROM (
    SELECT *, lag(object) OVER one AS before, lag(ends) OVER one AS left_on FROM stay WINDOW one AS (PARTITION BY person ORDER BY begins)
)
WHERE left_on = begins AND before <> object;

CREATE TABLE stock AS
SELECT year, person, object, arg_max(kind, (household.begins, household.ends)) AS kind
FROM (SELECT unnest(range(2011, 2024)) AS year)
JOIN stay ON begins <= make_date(year, 12, 31) AND ends > make_date(year, 12, 31) AND died IS DISTINCT FROM make_date(year, 12, 31)
LEFT JOIN household USING (person)
WHERE household.begins <= make_date(year, 12, 31) AND household.ends > make_date(year, 12, 31)
GROUP BY ALL;

CREATE TABLE transition AS
SELECT after.person, make_date(after.year, 12, 31) AS day, make_date(before.year, 12, 31) AS day_before,
    before.object AS origin, after.object AS destination
FROM stock AS after
JOIN stock AS before ON before.person = after.person AND before.year = after.year - 1
WHERE before.object <> after.object AND before.kind BETWEEN '1' AND '7' AND after.kind BETWEEN '1' AND '7';

-- ---- Renumbering (method 1, step 6) ---------------------------------------------------------------------------------------------

CREATE TABLE pair AS
SELECT day, origin, destination, here.area, count(*) AS movers,
    bool_or(event.person IN (
        SELECT household.person FROM household WHERE kind = '8' AND begins <= event.day_before AND ends > event.day_before
            AND household.person = event.person
    )) AS is_institutional
FROM event
JOIN standing AS here ON here.object = origin
JOIN standing AS there ON there.object = destination
WHERE here.area = there.area
    AND NOT here.is_demolished
    AND (here.x - there.x) ** 2 + (here.y - there.y) ** 2 <= 25 ** 2
GROUP BY ALL;

CREATE TABLE lived_in AS
SELECT
    object,
    min(begins) AS first_day,
    count(*) FILTER (begins = earliest) AS arrivals,
    max(ends) AS left_on,
    count(*) FILTER (ends = latest) AS departures
FROM (SELECT *, min(begins) OVER (PARTITION BY object) AS earliest, max(ends) OVER (PARTITION BY object) AS latest FROM stay)
GROUP BY object;

CREATE TABLE renumbered AS
SELECT origin, destination
FROM pair
JOIN lived_in AS emptied ON emptied.object = origin
JOIN lived_in AS filled ON filled.object = destination
WHERE emptied.left_on = day AND emptied.departures = movers AND filled.first_day = day AND filled.arrivals = movers
    AND NOT is_institutional
QUALIFY count(*) OVER (PARTITION BY day, pair.area) >= 10;

-- ---- Income class (method 4) ----------------------------------------------------------------------------------------------------

CREATE TABLE income AS
SELECT
    regexp_extract(filename, 'INHA(\d{4})TAB', 1)::INTEGER AS year,
    trim(RINPERSOONSHKW) || trim(RINPERSOONHKW) AS payer,
    trim(INHPOPIIV::VARCHAR) AS population,
    try_cast(INHP100HGEST AS INTEGER) AS percentile
FROM read_parquet(getvariable('incomes'), filename = true, union_by_name = true);

CREATE TABLE class AS
WITH linked AS (
    SELECT
        regexp_extract(filename, 'HUISHOUDEN(\d{4})', 1)::INTEGER AS year,
        trim(RINPERSOON) AS person,
        trim(RINPERSOONSHKW) || trim(RINPERSOONHKW) AS payer
    FROM read_parquet(getvariable('links'), filename = true, union_by_name = true)
    WHERE trim(RINPERSOONS) = 'R'
)
SELECT
    person,
    year,
    any_value(CASE
        WHEN population = '2' THEN 'student'
        WHEN population IN ('3', '8') THEN 'institutional'
        WHEN percentile BETWEEN 1 AND 100 THEN 'q' || ((percentile - 1) // 20 + 1)
        ELSE 'unknown'
    END) AS income_class
FROM linked
LEFT JOIN income USING (year, payer)
GROUP BY ALL;

-- ---- Flows (method 5) -----------------------------------------------------------------------------------------------------------

CREATE TABLE move AS
WITH every AS (
    SELECT 'events' AS count, * FROM event
    UNION ALL
    SELECT 'transitions', * FROM transition
)
SELECT
    count,
    year(day) AS year,
    day,
    origin,
    destination,
    coalesce(income_class, 'unknown') AS income_class,
    -- The oldest of those who go together carries the household; of equally old ones the smallest number.
    row_number() OVER (PARTITION BY count, day, origin, destination ORDER BY born NULLS LAST, person) = 1 AS is_carrier
FROM every
LEFT JOIN (
    SELECT DISTINCT trim(RINPERSOON) AS person, trim(GBAGEBOORTEJAAR) || trim(GBAGEBOORTEMAAND) AS born
    FROM read_parquet(getvariable('persons'))
    WHERE trim(RINPERSOONS) = 'R'
) USING (person)
LEFT JOIN class ON class.person = every.person AND class.year = year(day) - 1
ANTI JOIN renumbered ON renumbered.origin = every.origin AND renumbered.destination = every.destination
WHERE year(day) BETWEEN 2012 AND 2023;

CREATE TABLE flows AS
WITH at_level AS (
    SELECT object, level, name
    FROM (UNPIVOT place ON buurt, wijk, gemeente, role, region INTO NAME level VALUE name)
)
SELECT
    levels.level,
    count,
    year,
    coalesce(here.name, 'unplaceable') AS origin,
    coalesce(there.name, 'unplaceable') AS destination,
    income_class,
    count(*) AS persons,
    count(*) FILTER (is_carrier) AS households
FROM move
CROSS JOIN (SELECT unnest(['buurt', 'wijk', 'gemeente', 'role', 'region']) AS level) AS levels
LEFT JOIN at_level AS here ON here.object = origin AND here.level = levels.level
LEFT JOIN at_level AS there ON there.object = destination AND there.level = levels.level
GROUP BY ALL;
