//! Numbers as Go reads and writes them.

/// `strconv.ParseInt(text, 0, 64)` and, where that fails, `ParseUint`.
pub(crate) enum Int {
    Signed(i64),
    Unsigned(u64),
}

/// An integer with an optional sign, in the base that its prefix names.
pub(crate) fn parse_int(text: &str) -> Option<Int> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let signed = digits.len() < text.len();
    let (base, digits) = split_base(digits)?;
    let value = parse_digits(digits, base)?;
    as_int(negative, signed, value)
}

/// An integer in a given base; a sign may stand before it.
pub(crate) fn parse_int_in(text: &str, base: u32) -> Option<Int> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let signed = digits.len() < text.len();
    if digits.is_empty() {
        return None;
    }
    as_int(text.starts_with('-'), signed, parse_digits(digits, base)?)
}

fn as_int(negative: bool, signed: bool, value: u64) -> Option<Int> {
    if negative {
        return 0i64.checked_sub_unsigned(value).map(Int::Signed);
    }
    match i64::try_from(value) {
        Ok(value) => Some(Int::Signed(value)),
        Err(_) => (!signed).then_some(Int::Unsigned(value)),
    }
}

fn split_base(digits: &str) -> Option<(u32, &str)> {
    let bytes = digits.as_bytes();
    if *bytes.first()? != b'0' {
        return Some((10, digits));
    }
    Some(match bytes.get(1).map(u8::to_ascii_lowercase) {
        Some(b'x') if bytes.len() > 2 => (16, &digits[2..]),
        Some(b'o') if bytes.len() > 2 => (8, &digits[2..]),
        Some(b'b') if bytes.len() > 2 => (2, &digits[2..]),
        Some(_) => (8, &digits[1..]),
        None => (10, digits),
    })
}

fn parse_digits(digits: &str, base: u32) -> Option<u64> {
    digits.bytes().try_fold(0u64, |value, byte| {
        let digit = char::from(byte).to_digit(base)?;
        value
            .checked_mul(u64::from(base))?
            .checked_add(u64::from(digit))
    })
}

/// A decimal number with an optional sign, fraction and exponent, at least one digit before the
/// exponent, and not too large: `1.5`, `.5`, `5.`, `1e3`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    is_float(text)
        .then(|| text.parse().ok())
        .flatten()
        .filter(|value: &f64| value.is_finite())
}

/// Whether a text has the form of a number, however large.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let in_base =
        split_base(digits).is_some_and(|(base, digits)| digits.chars().all(|c| c.is_digit(base)));
    in_base || is_float(text)
}

fn is_float(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits_at(bytes, at);
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits_at(bytes, at + 1);
        if whole + fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    } else if whole == 0 {
        return false;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        let exponent = digits_at(bytes, at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == bytes.len()
}

fn digits_at(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    rest.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Whether each `_` stands between two digits, as Go wants it in a number.
pub(crate) fn underscores_are_fine(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    (0..bytes.len())
        .filter(|&at| bytes[at] == b'_')
        .all(|at| digit(at.checked_sub(1)) && digit(Some(at + 1)))
}

/// `strconv.FormatFloat(value, 'g', -1, 64)`.
pub(crate) fn format_g(value: f64) -> String {
    let (sign, digits, exponent) = shortest(value);
    if (-4..6).contains(&exponent) {
        return positional(sign, &digits, exponent);
    }
    scientific(sign, &digits, exponent, 2)
}

/// The form that Go's `encoding/json` gives a number.
pub(crate) fn format_json(value: f64) -> String {
    let (sign, digits, exponent) = shortest(value);
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        return scientific(sign, &digits, exponent, 1);
    }
    positional(sign, &digits, exponent)
}

/// Sign, shortest digits, and the power of ten of the first digit.
fn shortest(value: f64) -> (&'static str, String, i32) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let digits = mantissa.replace('.', "");
    (sign, digits, exponent.parse().unwrap_or(0))
}

fn positional(sign: &str, digits: &str, exponent: i32) -> String {
    let Ok(whole) = usize::try_from(exponent + 1) else {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return format!("{sign}0.{}{digits}", "0".repeat(zeros));
    };
    if whole == 0 {
        return format!("{sign}0.{digits}");
    }
    match digits.get(..whole) {
        Some(integer) if whole < digits.len() => format!("{sign}{integer}.{}", &digits[whole..]),
        _ => format!("{sign}{digits}{}", "0".repeat(whole - digits.len())),
    }
}

fn scientific(sign: &str, digits: &str, exponent: i32, width: usize) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let direction = if exponent < 0 { '-' } else { '+' };
    let size = exponent.unsigned_abs();
    format!("{sign}{first}{point}{rest}e{direction}{size:0width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_go() {
        let cases = [
            (0.0, "0", "0"),
            (-0.0, "-0", "-0"),
            (1.5, "1.5", "1.5"),
            (100_000.0, "100000", "100000"),
            (123_456.5, "123456.5", "123456.5"),
            (1_234_567.5, "1.2345675e+06", "1234567.5"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001"),
            (0.000_001, "1e-06", "0.000001"),
            (0.000_000_1, "1e-07", "1e-7"),
            (5e-324, "5e-324", "5e-324"),
            (
                f64::MAX,
                "1.7976931348623157e+308",
                "1.7976931348623157e+308",
            ),
        ];
        for (value, g, json) in cases {
            assert_eq!(format_g(value), g);
            assert_eq!(format_json(value), json);
        }
    }

    #[test]
    fn reads_integers_in_the_base_of_their_prefix() {
        let read = |text| match parse_int(text) {
            Some(Int::Signed(value)) => Some(i128::from(value)),
            Some(Int::Unsigned(value)) => Some(i128::from(value)),
            None => None,
        };
        assert_eq!(read("0777"), Some(511));
        assert_eq!(read("08"), None);
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("00"), Some(0));
        assert_eq!(read("-0x1f"), Some(-31));
        assert_eq!(read("+0b11"), Some(3));
        assert_eq!(read("0O17"), Some(15));
        assert_eq!(read("0x"), None);
        assert_eq!(read("+"), None);
        assert_eq!(read(""), None);
        assert_eq!(read("18446744073709551615"), Some(i128::from(u64::MAX)));
        assert_eq!(read("+18446744073709551615"), None);
        assert_eq!(read("-9223372036854775808"), Some(i128::from(i64::MIN)));
        assert_eq!(read("-9223372036854775809"), None);
    }
}
