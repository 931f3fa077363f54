# The question answered by R data.table. Days are whole numbers since 1970; an open end is the day `forever`.
# Arguments: name=value, of in_datatable.py. Reads *.csv in `folder` and writes flows.csv there.

library(data.table)

given <- commandArgs(trailingOnly = TRUE)
asked <- setNames(as.list(sub("^[^=]*=", "", given)), sub("=.*$", "", given))
number <- function(name) as.integer(asked[[name]])
folder <- asked$folder
setDTthreads(number("threads"))
forever <- number("forever")
years <- number("first_year"):number("last_year")
classes <- c("q1", "q2", "q3", "q4", "q5", "student", "institutional", "unknown")
unknown <- 8L
levels <- c("buurt", "wijk", "gemeente", "role", "region")

table_of <- function(name, ...) fread(file.path(folder, paste0(name, ".csv")), ...)
day_of <- function(year) as.integer(as.IDate(paste0(year, "-12-31")))
year_of <- function(days) year(as.IDate(days, origin = "1970-01-01"))

persons <- table_of("persons")
persons[, place := .I - 1L]
setkey(persons, person)
registrations <- table_of("registrations")
setorder(registrations, person, start_date, end_date, object)
households <- table_of("households")
setkey(households, person, start_date)
objects <- table_of("objects")

# Method 1, overlaps: started last, then ends last, then the smallest object.
overlaps <- registrations[, person == shift(person) & start_date < shift(end_date)]
crowded <- unique(registrations$person[which(overlaps)])
claims <- registrations[person %in% crowded]
edges <- unique(rbind(claims[, .(person, day = start_date)], claims[, .(person, day = end_date)]))
setorder(edges, person, day)
edges[, until := shift(day, -1L)]
stretches <- edges[person == shift(person, -1L)]
claimed <- claims[stretches, on = .(person), allow.cartesian = TRUE][start_date <= day & day < end_date]
setorder(claimed, person, day, -start_date, -end_date, object)
untangled <- unique(claimed, by = c("person", "day"))[, .(person, start_date = day, end_date = until, object)]
spells <- rbind(registrations[!person %in% crowded], untangled)
setorder(spells, person, start_date)

# Method 1, holes.
spells[, next_start := shift(start_date, -1L)]
spells[person != shift(person, -1L), next_start := NA]
spells[!is.na(next_start) & next_start - end_date >= 1L & next_start - end_date <= number("slack_days"), end_date := next_start]

# Method 3, events.
moved <- spells[, which(person == shift(person) & start_date == shift(end_date) & object != shift(object))]
events <- spells[moved, .(
  count = "events", person, move_date = start_date, before_date = start_date - 1L,
  origin = spells$object[moved - 1L], destination = object
)]
events <- events[year_of(move_date) %in% years]

# Method 3, transitions.
household_type <- function(who, on) {
  found <- households[.(who, on), .(household_type, end_date), roll = TRUE, mult = "last"]
  fifelse(!is.na(found$end_date) & found$end_date > on, found$household_type, 0L, na = 0L)
}
stock <- function(on) {
  there <- spells[start_date <= on & end_date > on, .(person, object)]
  death <- persons[.(there$person), death_date]
  there <- there[is.na(death) | death != on]
  kind <- household_type(there$person, rep(on, nrow(there)))
  there[kind >= 1L & kind <= 7L]
}
days <- pmin(vapply(c(years[1] - 1L, years), day_of, 1L), number("cut_off"))
stocks <- lapply(days, stock)
transitions <- rbindlist(lapply(seq_along(years), function(i) {
  both <- merge(stocks[[i]], stocks[[i + 1L]], by = "person", suffixes = c("_before", "_after"))
  both[object_before != object_after, .(
    count = "transitions", person, move_date = days[i + 1L], before_date = days[i],
    origin = object_before, destination = object_after
  )]
}))

moves <- rbind(events, transitions)
moves[persons, on = .(person), c("birth_date", "death_date", "place") := .(i.birth_date, i.death_date, i.place)]
moves <- moves[is.na(death_date) | move_date <= death_date]

# Method 4: the row of a person and year in the dense table.
income <- table_of("income")
income[, class := fcase(
  population == 2L, 6L,
  population %in% c(3L, 8L), 7L,
  is.na(percentile), unknown,
  rep(TRUE, .N), (percentile - 1L) %/% 20L + 1L
)]
span <- number("income_span")
column <- year_of(moves$move_date) - number("lag_years") - number("first_income_year")
row <- as.numeric(moves$place) * span + column + 1
moves[, income_class := fifelse(column >= 0L & column < span, income$class[row], unknown)]

# Method 1, step 6: administrative relocations.
pairs <- moves[count == "events"]
pairs[, institutional := household_type(person, before_date) == 8L]
pairs <- pairs[, .(movers = .N, institutional = any(institutional)), by = .(move_date, origin, destination)]
here <- objects[pairs$origin + 1L]
there <- objects[pairs$destination + 1L]
distance <- (here$x_m - there$x_m)^2 + (here$y_m - there$y_m)^2
pairs[, area := here$area]
likely <- here$area == there$area & here$area > 0L & is.na(here$demolished_date) & !pairs$institutional &
  distance <= number("max_distance_m")^2
pairs <- pairs[which(likely)]
lived <- spells[object %in% c(pairs$origin, pairs$destination), .(person, object, start_date, end_date)]
lived[persons, on = .(person), death_date := i.death_date]
lived <- lived[is.na(death_date) | start_date <= death_date]
lived[!is.na(death_date), end_date := pmin(end_date, death_date + 1L)]
use <- lived[, .(
  first_start = min(start_date), arrivals = sum(start_date == min(start_date)),
  last_end = max(end_date), departures = sum(end_date == max(end_date))
), by = object]
pairs[use, on = .(origin = object), c("last_end", "departures") := .(i.last_end, i.departures)]
pairs[use, on = .(destination = object), c("first_start", "arrivals") := .(i.first_start, i.arrivals)]
pairs <- pairs[last_end == move_date & departures == movers & first_start == move_date & arrivals == movers]
pairs[, bundle := .N, by = .(move_date, area)]
renumbered <- unique(pairs[bundle >= number("min_objects"), .(origin, destination)])
real <- moves[!renumbered, on = .(origin, destination)]

# Method 3, household moves: the oldest mover, then the smallest person, carries the household.
setorder(real, count, move_date, origin, destination, birth_date, person, na.last = TRUE)
real[, is_carrier := !duplicated(real, by = c("count", "move_date", "origin", "destination"))]
real[, c("year", "origin_area", "destination_area") := .(
  year_of(move_date), objects$area[origin + 1L], objects$area[destination + 1L]
)]
cells <- real[, .(persons = .N, households = sum(is_carrier)),
  by = .(count, year, origin_area, destination_area, income_class)]

# Method 2: the most specific line of the zoning decides.
areas <- table_of("areas")
zoning <- table_of("zoning")
line <- match(areas$buurt, zoning$code)
line <- fcoalesce(line, match(areas$wijk, zoning$code), match(areas$gemeente, zoning$code))
rest <- fifelse(is.na(line) & areas$gemeente == "unplaceable", "unplaceable", "elsewhere")
areas[, role := fcoalesce(paste0(zoning$region, "/", zoning$role)[line], rest)]
areas[, region := fcoalesce(zoning$region[line], rest)]

flows <- rbindlist(lapply(levels, function(level) {
  place <- areas[[level]]
  cells[, .(persons = sum(persons), households = sum(households)),
    by = .(level = rep(level, nrow(cells)), count, year, origin = place[origin_area + 1L],
      destination = place[destination_area + 1L], income_class)]
}))
flows[, income_class := classes[income_class]]
setorder(flows, level, count, year, origin, destination, income_class)
fwrite(flows, file.path(folder, "flows.csv"))
