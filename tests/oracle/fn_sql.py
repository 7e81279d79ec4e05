"""PostgreSQL's answers to expressions of SQL: tests/data/oracle/fn_sql.tsv (expression, its text; `?` where it is an error, `\\N` null).

Run in the tests' venv with PYTHONPATH=tests; made with PostgreSQL 15.
"""
import os
import sys

import peers

TIMES = ["timestamp '2019-01-31 08:41:05.123456'", "timestamp '2020-02-29 23:59:59'", "timestamp '2000-12-31 00:00:00'", "date '2019-12-30'",
         "timestamp '1969-07-20 20:17:40'"]
PARTS = "year quarter month week day hour minute second dow isodow doy isoyear decade century millennium epoch julian milliseconds microseconds".split()
CUTS = "millennium century decade year quarter month week day hour minute second milliseconds".split()
FORMATS = ["YYYY-MM-DD HH24:MI:SS", "DD.MM.YY", "Mon DD, YYYY", "FMMonth FMDDth", "Month DD", "DAY", "Dy", "HH12:MI AM", "hh:mi pm", "Q", "IYYY-IW-ID",
           "J", "DDD", "WW", "W", "CC", "MS US", "SSSS", "Y,YYY", "YYY", '"day" DD', "FMMM/FMDD", "MONTH mon MON", "D", "DDth MON"]
NUMBERS = ["9999", "0000", "999.99", "FM999.99", "FM999.990", "9,999,999", "S999", "999S", "999MI", "999PR", "FM9,999.00", "9.9", "FM0.99", "99V9" if 0 else "0999.9",
           "L999", "999th", "FM999th", "999D99", "9G999", "PL999" if 0 else "S0.0"]
INTERVALS = ["1 day 02:00:00", "1 day", "90 minutes", "1.5 hours", "-3 days", "2 weeks", "01:30", "1 day -2 hours", "P1DT2H", "3 days ago", "12:34:56.789",
             "1 hour 30 minutes 5 seconds", "100 ms", "1 d 1 h 1 m 1 s"]


def expressions():
    # division, remainder, overflow
    for a in (7, -7, 0):
        for b in (2, -2, 0):
            yield f"({a}) / ({b})"
            yield f"({a}) % ({b})"
            yield f"({a}.0::float8) / ({b})"
            yield f"mod({a}, {b})"
    yield from ["9223372036854775807 + 1", "-9223372036854775808 / -1", "9223372036854775807 * 2", "5 / 2.0::float8", "2 ^ 10", "2 ^ 0.5::float8", "(-8) ^ 2",
                "power(2, -1)", "power(0, -1)", "sqrt(2)", "sqrt(-1)", "ln(0)", "ln(10)", "log(100)", "log(2, 8)::float8", "cbrt(27)", "cbrt(-8)", "exp(1)",
                "degrees(pi())", "radians(180)", "sign(-3)", "abs(-3.5)", "ceil(-2.5)", "floor(-2.5)", "round(2.5)", "round(-2.5)", "round(2.5::float8)",
                "round(3.5::float8)", "round(1.005, 2)::float8", "round(-1.005, 2)::float8", "round(1234.5, -2)::float8", "trunc(2.579, 2)::float8", "trunc(-2.7)",
                "div(9, 4)::float8", "div(-9, 4)::float8", "gcd(12, 18)", "lcm(4, 6)", "factorial(5)::bigint", "width_bucket(5.35, 0.024, 10.06, 5)",
                "width_bucket(-1, 0, 10, 5)", "width_bucket(10, 0, 10, 5)", "width_bucket(5, 10, 0, 5)"]
    # three values
    for a in ("true", "false", "null::bool"):
        yield from [f"not {a}", f"{a} is true", f"{a} is not true", f"{a} is false", f"{a} is unknown", f"{a} is not unknown"]
        for b in ("true", "false", "null::bool"):
            yield from [f"{a} and {b}", f"{a} or {b}", f"{a} = {b}", f"{a} is distinct from {b}"]
    yield from ["1 in (1, null)", "2 in (1, null)", "2 not in (1, null)", "null in (1, 2)", "1 not in (2, 3)", "null = null", "1 < null", "'a' < 'B'", "'a' = 'a '",
                "1 between 2 and null", "3 between null and 2", "1 between symmetric 3 and 0", "greatest(1, null, 3)", "least(null, null::int)", "greatest('a', 'b')",
                "coalesce(null, 2)", "nullif(1, 1)", "nullif(1, 2)", "case when null then 1 else 2 end", "case 3 when 1 then 'a' when 3 then 'c' end",
                "case when true then 1 else 1 / 0 end", "date '2019-01-01' < timestamp '2019-01-01 00:00:01'", "1 = 1.0"]
    # casts
    for t in ("12", " -7 ", "1.5", "abc", "", "1e3", "9223372036854775808", "0x10"):
        yield from [f"'{t}'::int", f"'{t}'::bigint", f"'{t}'::float8"]
    for n in ("2.5", "3.5", "-2.5", "0.5", "2.49", "1e10", "3000000000"):
        yield from [f"{n}::int", f"{n}::float8::int", f"{n}::bigint"]
    for t in ("t", "true", "yes", "on", "1", "f", "no", "off", "0", "tru", "o", "maybe", " TRUE "):
        yield f"'{t}'::bool"
    yield from ["true::int", "0::bool", "5::bool", "true::text", "1.0::float8::text", "0.1::float8::text", "1e20::float8::text", "123456789012345678::text", "1e-7::float8::text",
                "'2019-01-31'::date", "'20190131'::date", "'Jan 31, 2019'::date", "'31 January 2019'::date", "'1/31/2019'::date", "'2019-02-30'::date", "'x'::date",
                "'2019-01-31 08:30'::timestamp", "'2019-01-31T08:30:00.5'::timestamp", "'2019-01-31 08:30:05'::timestamp::date", "date '2019-01-31'::timestamp", "'epoch'::timestamp",
                "1.239::numeric(10,2)::float8", "'abcdef'::varchar(3)", "'ab'::char", "32768::smallint", "70000::int2", "2147483648::int"]
    # text
    for s in ("'hello world'", "'Na\u00efve caf\u00e9'", "''", "null::text", "'  padded '"):
        yield from [f"length({s})", f"upper({s})", f"lower({s})", f"initcap({s})", f"reverse({s})", f"left({s}, 3)", f"left({s}, -2)", f"right({s}, 3)", f"right({s}, -2)",
                    f"substr({s}, 2, 3)", f"substring({s} from 3)", f"substring({s} from -1 for 4)", f"lpad({s}, 8, 'xy')", f"rpad({s}, 4)", f"btrim({s})", f"ltrim({s})",
                    f"trim(trailing from {s})", f"trim(both 'h ' from {s})", f"position('o' in {s})", f"strpos({s}, 'l')", f"split_part({s}, ' ', 1)", f"split_part({s}, ' ', -1)",
                    f"split_part({s}, 'l', 3)", f"overlay({s} placing 'XX' from 2 for 3)", f"translate({s}, 'lo', 'L')", f"repeat({s}, 2)", f"md5({s})", f"replace({s}, 'l', '')",
                    f"ascii({s})", f"octet_length({s})", f"{s} || 'z'", f"concat({s}, 1, null, true)", f"concat_ws('-', {s}, null, 'b')", f"starts_with({s}, 'he')",
                    f"{s} like 'h%d'", f"{s} like '%o_w%'", f"{s} ilike 'HELLO%'", f"{s} not like '%x%'", f"{s} similar to '%(o|i)%'", f"{s} ~ '^h.*d$'", f"{s} ~* 'WORLD'",
                    f"{s} !~ 'z'", f"regexp_replace({s}, 'l+', 'L')", f"regexp_replace({s}, '[aeiou]', '<\\&>', 'g')", f"regexp_replace({s}, '(h)(e)', '\\2\\1')",
                    f"substring({s} from '[a-z]+')", f"substring({s} from 'l(l)o')", f"regexp_count({s}, 'l')", f"regexp_instr({s}, 'o')", f"regexp_substr({s}, 'w.')",
                    f"regexp_like({s}, 'HELLO', 'i')"]
    yield from ["chr(233)", "chr(0)", "to_hex(255)", "'5%' like '5#%' escape '#'", "'50' like '5#%' escape '#'", "'a_b' like 'a\\_b'", "'axb' like 'a\\_b'", "'abc' like 'abc\\'",
                "'a%' like 'a%%' escape '%'", "'abc' similar to 'a(b|d)c'", "'abc' similar to 'b'", "'x.y' similar to 'x.y'", "'xzy' similar to 'x.y'", "split_part('a,b', ',', 0)",
                "substring('abc' from 1 for -1)", "'a b' ~ 'a\\sb'", "'ab' ~ '\\mab\\M'", "'a' ~ '['", "lpad('abc', 2)", "length('')", "'abc' ^@ 'ab'"]
    # times
    for t in TIMES:
        yield from [f"extract({p} from {t})::float8" for p in PARTS]
        yield from [f"date_trunc('{p}', {t}::timestamp)" for p in CUTS]
        yield from [f"to_char({t}::timestamp, '{f}')" for f in FORMATS]
        yield from [f"{t} + interval '1 month'", f"{t} - interval '1 year 2 months 3 days'", f"{t} + interval '36 hours'", f"{t}::date + 3", f"{t}::date - date '2019-01-01'",
                    f"{t}::date - 45", f"({t} - timestamp '2019-01-01')", f"extract(year from age({t}, date '1990-06-15'))::float8",
                    f"extract(month from age({t}, date '1990-06-15'))::float8", f"extract(day from age({t}, date '1990-06-30'))::float8"]
    for n in ("0", "12", "-12", "1234567", "0.5", "-0.5", "148.5", "3.14159", "999.995", "1", "2", "-3"):
        yield from [f"to_char({n}, '{f}')" for f in NUMBERS]
    for i in INTERVALS:
        yield from [f"interval '{i}'", f"extract(epoch from interval '{i}')::float8", f"extract(hour from interval '{i}')::float8"]
    yield from ["date '2019-01-31' + interval '1 month'", "date '2020-02-29' + interval '1 year'", "date '2019-03-31' - interval '1 month'", "interval '1 day' * 3",
                "interval '1 hour' / 4", "2 * interval '1 month' + date '2019-01-31'", "interval '3' day", "interval '2' hour + interval '30' minute",
                "timestamp '2019-01-31 10:00' - timestamp '2019-01-30 08:30'", "make_date(2019, 1, 31)", "make_date(2019, 2, 30)", "make_timestamp(2019, 1, 31, 8, 30, 1.5)",
                "to_date('05 Dec 2000', 'DD Mon YYYY')", "to_date('20190131', 'YYYYMMDD')", "to_date('31/1/2019', 'DD/MM/YYYY')", "to_date('2019-13-01', 'YYYY-MM-DD')",
                "to_timestamp('2019-01-31 08:30:05', 'YYYY-MM-DD HH24:MI:SS')::timestamp", "to_timestamp('1/2/19 3:04 PM', 'MM/DD/YY HH12:MI AM')::timestamp",
                "to_number('12,454.8-', '99G999D9S')::float8", "date_bin('15 minutes', timestamp '2020-02-11 15:44:17', timestamp '2001-01-01')",
                "date_part('hour', timestamp '2019-01-31 08:41:05')", "date_trunc('hour', interval '2 days 3 hours 40 minutes')", "date_trunc('foo', timestamp '2019-01-01')"]
    # arrays
    arrays = ("array[1, 2, 3]", "array[2, null, 2]", "array[7]")
    for x in arrays:
        yield from [f"array_length({x}, 1)", f"array_length({x}, 2)", f"array_upper({x}, 1)", f"array_lower({x}, 1)", f"array_ndims({x})", f"cardinality({x})",
                    f"array_to_string({x}, ',')", f"array_to_string({x}, ', ', '*')", f"array_position({x}, 2)", f"array_position({x}, null)",
                    f"array_to_string(array_positions({x}, 2), ',')", f"array_to_string(array_remove({x}, 2), ',')", f"array_to_string(array_remove({x}, null), ',')",
                    f"array_to_string(array_replace({x}, 2, 9), ',')", f"array_to_string(array_replace({x}, 2, null), ',', '*')", f"{x} @> array[2]", f"array[1, 2] <@ {x}",
                    f"array_to_string({x} || array[5], ',')"]
    yield from ["array_to_string(array_append(array[1, 2], 3), ',')", "array_to_string(array_prepend(0, array[1, 2]), ',')", "array_to_string(array_cat(array['a'], array['b', 'c']), '')",
                "array_to_string(array[1, 2] || 3, ',')", "array_to_string(0 || array[1, 2], ',')", "array_to_string(array[true, false], ',')", "array_to_string(array['a', null, 'c'], '-')",
                "array_position(array['x', 'y'], 'y')", "array_to_string(array[1.5, 2], ',')", "array_to_string(array[date '2019-01-31'], ',')", "|/ 25.0::float8", "||/ 8.0::float8", "@ -5"]

    # bits, quotes, format, zones, casts of arrays
    for x in ("5", "-1", "0", "1234567890123", "null::bigint"):
        yield from [f"{x}::bigint & 6", f"{x}::bigint | 6", f"{x}::bigint # 6", f"~({x}::bigint)", f"{x}::bigint << 3", f"{x}::bigint >> 2", f"{x}::bigint << 63", f"{x}::bigint >> 64"]
    for x in ("'abc'", "'A b'", "'select'", "'it''s'", "'a\\b'", "''", "'_x1'", "'1x'", "'t\u00e9'", "null::text", "'between'", "'name'"):
        yield from [f"quote_ident({x})", f"quote_literal({x})", f"quote_nullable({x})", f"format('%s|%L|%10s|%-6s|', {x}, {x}, {x}, {x})", f"format('%I', {x})"]
    yield from ["quote_literal(42)", "quote_literal(true)", "format('%2$s %1$s', 1, 2)", "format('%%')", "format('%')", "format('%s')", "format('%x', 1)", "format('%1$s %s %s', 'a', 'b')",
                "format('%*s|', 5, 'a')", "format('%-*s|', 5, 'a')", "format('%0$s', 1)", "format('%2$*1$s|', 4, 'a')", "num_nulls(null, 1, null)", "num_nonnulls(null, 1)", "num_nulls(1)"]
    for x in ("0", "0.5", "-0.25", "1", "2", "-3", "null"):
        yield from [f"round({f}({x}::float8)::numeric, 12)::float8" for f in ("asinh", "acosh", "atanh", "asin", "acos", "sinh", "cosh", "tanh")]
    for x in ("0", "30", "-30", "45", "60", "90", "120", "150", "180", "-270", "360", "77.5"):
        yield from [f"round({f}({x}::float8)::numeric, 12)::float8" for f in ("sind", "cosd")]
    yield from ["tand(45)", "tand(-45)", "tand(135)", "tand(90)", "tand(0)", "cotd(45)", "cotd(90)", "asind(0.5)", "acosd(0.5)", "atand(1)", "atan2d(1, 1)", "asind(2)", "cot(1)::numeric(10, 8)::float8"]
    for t in ("timestamp '2019-01-31 08:30'", "timestamp '2019-10-27 02:30'", "timestamp '2019-03-31 02:30'", "timestamptz '2019-07-31 23:30:00.25+02'", "date '2019-07-31'", "null::timestamp"):
        yield from [f"{t} at time zone '{z}'" for z in ("UTC", "Europe/Rome", "america/new_york", "Asia/Kolkata", "CET", "EST", "+03", "-05:30", "Nowhere/Land")]
        yield from [f"{t} at time zone interval '5 hours 30 minutes'", f"({t} at time zone 'UTC') at time zone 'Pacific/Auckland'", f"{t}::timestamptz", f"timezone('Europe/Rome', {t})"]
    yield from ["timestamptz '2019-07-31 23:30+02' - timestamptz '2019-07-31 23:30+00'", "timestamptz '2019-07-31 23:30+02' = timestamp '2019-07-31 21:30'",
                "timestamptz '2019-01-31 10:00+01' + interval '1 month'", "date_trunc('month', timestamptz '2019-01-31 23:30-05', 'Asia/Tokyo')", "(timestamptz '2019-01-31 23:30-05')::date",
                "extract(day from timestamptz '2019-01-31 23:30-05')::float8", "greatest(timestamptz '2019-01-31 23:30-05', date '2019-02-01')", "to_timestamp(0) at time zone 'Asia/Tokyo'",
                "make_interval(days => 3)", "make_interval(hours => 30, mins => -15)", "make_interval(weeks => 2, secs => 1.5)", "make_interval()", "make_interval(0, 0, 0, 1, 2, 3, 4.5)",
                "date '2019-01-31' + make_interval(years => 1, months => 1)", "make_interval(foo => 1)"]
    for t in ("{1,2,3}", "{}", "{1,null,3}", " { 1 , 2 } ", "{1,2", "1,2", "{1,,2}", "{1,2,}", "{a}"):
        yield from [f"'{t}'::int[]", f"'{t}'::text[]", f"'{t}'::text::float8[]"]
    yield from ["'{\"a b\",\"c\\\"d\",\"\",\"null\",NULL,x\\,y}'::text[]", "array[1.5, 2]::int[]", "array['1', '2']::int[]", "array[1, null]::text[]", "array[true, false]::text", "array[1, 2]::text",
                "array['a,b', '', 'null', null]", "array[date '2019-01-31']::text", "null::int[]", "'{2019-01-31}'::date[]", "array[1, 2, 3] && array[3, 4]", "array[1, null] && array[null, 2]::int[]",
                "(array[1, 2, 3])[2:]", "(array[1, 2, 3])[0:1]", "(array[1, 2, 3])[3:1]", "(array[1, 2, 3])[:]", "trim_array(array[1, 2, 3], 1)", "trim_array(array[1, 2], 3)", "2 = any('{1,2}')" if 0 else "2 = any('{1,2}'::int[])"]


def main(path):
    n = 0
    with peers.postgres() as pg, open(path, "w", encoding="utf-8", newline="\n") as f:
        pg.execute("set timezone = 'UTC'")
        for e in dict.fromkeys(expressions()):
            try:
                got = pg.execute("select (" + e.replace("%", "%") + ")::text").fetchone()[0]
                got = "\\N" if got is None else got.replace("\\", "\\\\").replace("\t", "\\t")
            except Exception:  # noqa: BLE001
                got = "?"
            f.write(f"{e}\t{got}\n")
            n += 1
    print(n, "expressions")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../data/oracle/fn_sql.tsv"))
