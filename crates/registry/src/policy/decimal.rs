//! Decimal numbers of any length, compared exactly: a timestamp in nanoseconds has more digits than
//! a float keeps apart.

use std::cmp::Ordering;

/// A number as it was written: an optional sign, digits, and digits after a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// Never with zero.
    negative: bool,
    /// Without leading zeros.
    whole: String,
    /// Without trailing zeros.
    fraction: String,
}

impl Decimal {
    /// Reads `12`, `-1.50`, `.5` and `007`; no exponents, infinities or hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() == 0 {
            return None;
        }
        let whole = whole.trim_start_matches('0').to_owned();
        let fraction = fraction.trim_end_matches('0').to_owned();
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self {
            negative: text.starts_with('-') && !zero,
            whole,
            fraction,
        })
    }

    fn magnitude(&self) -> (usize, &str, &str) {
        (self.whole.len(), &self.whole, &self.fraction)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude().cmp(&other.magnitude()),
            (true, true) => other.magnitude().cmp(&self.magnitude()),
            (negative, _) if negative => Ordering::Less,
            _ => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_in_their_order() {
        let ascending = [
            "-10",
            "-9.51",
            "-9.5",
            "-1",
            "-0.1",
            "0",
            ".05",
            "0.1",
            "1",
            "1.01",
            "1.1",
            "2",
            "10",
            "0123",
            "9007199254740992",
            "9007199254740993",
            "1700000000000000001",
            "1700000000000000002",
            "100000000000000000000000000000",
        ];
        let numbers = ascending.map(|text| Decimal::parse(text).expect(text));
        assert!(numbers.is_sorted_by(|one, next| one < next));
        for (one, other) in [
            ("1", "1.0"),
            ("007", "7"),
            ("-0", "0"),
            ("0.50", ".5"),
            ("+1", "1"),
            ("1.", "1"),
        ] {
            assert_eq!(
                Decimal::parse(one),
                Decimal::parse(other),
                "{one} and {other}"
            );
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in [
            "", ".", "-", "+-1", "1e5", "0x10", "Inf", "NaN", "1.2.3", " 1", "1_000", "٣",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn integers_compare_as_integers_do(one: i64, other: i64) {
            let read = |number: i64| Decimal::parse(&number.to_string()).expect("digits");
            prop_assert_eq!(read(one).cmp(&read(other)), one.cmp(&other));
        }
    }
}
