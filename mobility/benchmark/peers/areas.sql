-- All partitions together: administrative relocations out, household moves, and the flows at every level.

CREATE TEMP TABLE object AS
SELECT file_row_number::UINTEGER AS object, area, x_m, y_m, demolished_date
FROM read_parquet(getvariable('objects'), file_row_number = true);

-- Method 1, step 6. Pairs of objects of one buurt on a day with at least min_objects of them; only their objects are looked into.
CREATE TEMP TABLE pair AS
SELECT move_date, origin, destination, any_value(here.area) AS area, count(*) AS movers
FROM mover
JOIN object AS here ON here.object = mover.origin
JOIN object AS there ON there.object = mover.destination
WHERE mover.count = 'events' AND here.area = there.area AND here.area > 0
GROUP BY move_date, origin, destination
QUALIFY count(*) OVER (PARTITION BY move_date, any_value(here.area)) >= getvariable('min_objects');

CREATE TEMP TABLE pair_object AS SELECT origin AS object FROM pair UNION SELECT destination FROM pair;

CREATE TEMP TABLE resident AS
SELECT DISTINCT person FROM read_parquet(getvariable('all_registrations')) SEMI JOIN pair_object USING (object);

CREATE TEMP VIEW resident_registration AS
SELECT person, start_date, coalesce(end_date, DATE '9999-12-31') AS end_date, object
FROM read_parquet(getvariable('all_registrations'))
SEMI JOIN resident USING (person);

CREATE TEMP TABLE resident_untangled AS FROM untangle(resident_registration);
CREATE TEMP TABLE resident_spell AS FROM bridge(resident_untangled);

-- When each of these objects was first and last lived in, and by how many spells on that day.
CREATE TEMP TABLE object_use AS
WITH alive AS (
    SELECT object, start_date, least(end_date, coalesce(death_date + 1, DATE '9999-12-31')) AS end_date
    FROM resident_spell
    SEMI JOIN pair_object USING (object)
    JOIN (SELECT person, death_date FROM read_parquet(getvariable('all_persons'))) USING (person)
    WHERE death_date IS NULL OR start_date <= death_date
),
extreme AS (
    SELECT object, min(start_date) AS first_start, max(end_date) AS last_end FROM alive GROUP BY object
)
SELECT
    object,
    first_start,
    count(*) FILTER (start_date = first_start) AS arrivals,
    last_end,
    count(*) FILTER (end_date = last_end) AS departures
FROM alive
JOIN extreme USING (object)
GROUP BY object, first_start, last_end;

CREATE TEMP TABLE institutional AS
SELECT DISTINCT move_date, origin, destination
FROM (FROM mover SEMI JOIN pair USING (move_date, origin, destination) WHERE count = 'events') AS moved
JOIN (
    SELECT person, start_date, coalesce(end_date, DATE '9999-12-31') AS end_date
    FROM read_parquet(getvariable('all_households'))
    WHERE household_type = 8
) AS household
    ON household.person = moved.person
    AND household.start_date <= moved.before_date
    AND household.end_date > moved.before_date;

CREATE TEMP TABLE renumbered AS
WITH likely AS (
    SELECT
        pair.origin,
        pair.destination,
        pair.move_date,
        pair.area,
        (here.x_m - there.x_m) ** 2 + (here.y_m - there.y_m) ** 2 <= getvariable('max_distance_m') ** 2 AS is_near
    FROM pair
    JOIN object_use AS emptied
        ON emptied.object = pair.origin AND emptied.last_end = pair.move_date AND emptied.departures = pair.movers
    JOIN object_use AS filled
        ON filled.object = pair.destination AND filled.first_start = pair.move_date AND filled.arrivals = pair.movers
    JOIN object AS here ON here.object = pair.origin
    JOIN object AS there ON there.object = pair.destination
    ANTI JOIN institutional
        ON institutional.move_date = pair.move_date
        AND institutional.origin = pair.origin
        AND institutional.destination = pair.destination
    WHERE here.demolished_date IS NULL
)
SELECT origin, destination
FROM likely
WHERE is_near
QUALIFY count(*) OVER (PARTITION BY move_date, area) >= getvariable('min_objects');

-- Neither object is lived in on the other side of that day, so no other move goes from the first to the second: the pair is enough.
-- Method 3. A household move is one pair of objects on one day; its carrier is the oldest mover, then the smallest person. Birth day,
-- person and class in one number, so that the smallest tells the class of the carrier.
CREATE TEMP TABLE moved AS
WITH real AS (
    FROM mover ANTI JOIN renumbered USING (origin, destination)
),
household AS (
    SELECT
        count,
        move_date,
        origin,
        destination,
        min(
            ((coalesce(birth_date, DATE '2200-01-01') - DATE '1800-01-01') << 36) | (person::BIGINT << 3) | income_class
        ) & 7 AS income_class
    FROM real
    GROUP BY count, move_date, origin, destination
),
counted AS (
    SELECT count, year(move_date) AS year, origin, destination, income_class, 1 AS persons, 0 AS households FROM real
    UNION ALL
    SELECT count, year(move_date), origin, destination, income_class, 0, 1 FROM household
)
SELECT
    count,
    year,
    here.area AS origin_area,
    there.area AS destination_area,
    counted.income_class,
    sum(persons)::BIGINT AS persons,
    sum(households)::BIGINT AS households
FROM counted
JOIN object AS here ON here.object = counted.origin
JOIN object AS there ON there.object = counted.destination
GROUP BY ALL;

-- Method 2. The most specific line of the zoning decides.
CREATE TEMP TABLE place AS
WITH area AS (
    SELECT file_row_number AS area, gemeente, wijk, buurt
    FROM read_parquet(getvariable('areas'), file_row_number = true)
),
zoning AS (
    SELECT code, region, region || '/' || role AS role
    FROM read_csv(getvariable('zoning'), columns = {code: 'VARCHAR', region: 'VARCHAR', role: 'VARCHAR'})
),
zoned AS (
    SELECT
        area.*,
        coalesce(by_buurt.code, by_wijk.code, by_gemeente.code) AS atom,
        coalesce(by_buurt.role, by_wijk.role, by_gemeente.role) AS role,
        coalesce(by_buurt.region, by_wijk.region, by_gemeente.region) AS region
    FROM area
    LEFT JOIN zoning AS by_buurt ON by_buurt.code = area.buurt
    LEFT JOIN zoning AS by_wijk ON by_wijk.code = area.wijk
    LEFT JOIN zoning AS by_gemeente ON by_gemeente.code = area.gemeente
),
named AS (
    SELECT
        area,
        buurt,
        wijk,
        gemeente,
        CASE WHEN atom IS NULL AND gemeente = 'unplaceable' THEN gemeente ELSE coalesce(role, 'elsewhere') END AS role,
        CASE WHEN atom IS NULL AND gemeente = 'unplaceable' THEN gemeente ELSE coalesce(region, 'elsewhere') END AS region,
        'national' AS national
    FROM zoned
)
SELECT area, level, place, dense_rank() OVER (ORDER BY level, place)::UINTEGER AS place_number
FROM (UNPIVOT named ON buurt, wijk, gemeente, role, region, national INTO NAME level VALUE place);

CREATE TEMP TABLE place_name AS SELECT DISTINCT place_number, level, place FROM place;

-- Numbers of places are in the order of level and name, so that what is grouped and sorted by number is sorted by name.
CREATE TEMP VIEW flows AS
WITH added AS (
    SELECT
        count,
        year,
        here.place_number AS origin_number,
        there.place_number AS destination_number,
        income_class,
        sum(persons)::BIGINT AS persons,
        sum(households)::BIGINT AS households
    FROM moved
    JOIN place AS here ON here.area = origin_area
    JOIN place AS there ON there.area = destination_area AND there.level = here.level
    WHERE here.level <> 'national'
    GROUP BY ALL
)
SELECT
    here.level,
    count::VARCHAR AS count,
    year,
    here.place AS origin,
    there.place AS destination,
    ['q1', 'q2', 'q3', 'q4', 'q5', 'student', 'institutional', 'unknown'][income_class + 1] AS income_class,
    persons,
    households
FROM added
JOIN place_name AS here ON here.place_number = origin_number
JOIN place_name AS there ON there.place_number = destination_number
ORDER BY here.level, added.count, year, origin_number, destination_number, 6;

COPY flows TO (getvariable('flows')) (FORMAT parquet);
