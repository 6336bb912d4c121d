//! Dates as git reads them from `GIT_AUTHOR_DATE` and `GIT_COMMITTER_DATE`.

/// A moment and the time zone it is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Seconds since 1970.
    pub seconds: i64,
    /// Minutes east of Greenwich.
    pub offset: i32,
}

impl Date {
    /// Reads `@1112911993 +0200`, `1112911993 +0200`, ISO 8601 (`2005-04-07T22:13:13+02:00`, also
    /// with a space) and RFC 2822 (`Thu, 07 Apr 2005 22:13:13 +0200`). Without a zone it is UTC.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        raw(text).or_else(|| iso(text)).or_else(|| rfc2822(text))
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let offset = self.offset.unsigned_abs();
        let (hours, minutes) = (offset / 60, offset % 60);
        write!(f, "{} {sign}{hours:02}{minutes:02}", self.seconds)
    }
}

/// Git takes a bare number for an epoch only from 100,000,000 on, as a shorter one may be a date.
fn raw(text: &str) -> Option<Date> {
    let (number, zone) = text.split_once(' ').unwrap_or((text, "+0000"));
    let (digits, least) = match number.strip_prefix('@') {
        Some(digits) => (digits, 0),
        None => (number, 100_000_000),
    };
    let seconds = number_of(digits)?;
    let offset = zone_of(zone.trim())?;
    (seconds >= least).then_some(Date { seconds, offset })
}

fn iso(text: &str) -> Option<Date> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let mut parts = date.splitn(3, '-').map(number_of);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let split = rest
        .find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.')
        .unwrap_or(rest.len());
    let (time, zone) = rest.split_at(split);
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    moment(year, month, day, time, zone.trim())
}

fn rfc2822(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let words: Vec<&str> = text.split_whitespace().collect();
    let (&[day, month, year, time], zone) = words.split_at_checked(4)? else {
        return None;
    };
    let month = 1 + MONTHS.iter().position(|name| *name == month)?;
    let zone = zone.first().copied().unwrap_or_default();
    let month = i64::try_from(month).ok()?;
    moment(number_of(year)?, month, number_of(day)?, time, zone)
}

fn moment(year: i64, month: i64, day: i64, time: &str, zone: &str) -> Option<Date> {
    let mut parts = time.splitn(3, ':').map(number_of);
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    let valid = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let offset = zone_of(zone)?;
    let local = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let seconds = local - i64::from(offset) * 60;
    valid.then_some(Date { seconds, offset })
}

/// The Gregorian calendar, counted in years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// `Z`, nothing, `+0200` or `+02:00`, in minutes.
fn zone_of(text: &str) -> Option<i32> {
    if matches!(text, "" | "Z" | "UTC" | "GMT") {
        return Some(0);
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text[1..].replace(':', "");
    let number = i32::try_from(number_of(&digits)?).ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    (digits.len() == 4 && hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Digits alone: `parse` would take a sign as well.
fn number_of(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values are those of `date -u -d TEXT +%s`.
    #[test]
    fn the_forms_of_git() {
        let cases = [
            ("@0 +0000", "0 +0000"),
            ("@1112911993", "1112911993 +0000"),
            ("1112911993 +0200", "1112911993 +0200"),
            ("1112911993 -0730", "1112911993 -0730"),
            ("2005-04-07T22:13:13+02:00", "1112904793 +0200"),
            ("2005-04-07T22:13:13Z", "1112911993 +0000"),
            ("2005-04-07 22:13:13 -0500", "1112929993 -0500"),
            ("2005-04-07T22:13:13.25", "1112911993 +0000"),
            ("2005-04-07T22:13", "1112911980 +0000"),
            ("Thu, 07 Apr 2005 22:13:13 +0200", "1112904793 +0200"),
            ("7 Apr 2005 22:13:13", "1112911993 +0000"),
            ("2000-02-29T00:00:00Z", "951782400 +0000"),
            ("2100-03-01T00:00:00Z", "4107542400 +0000"),
        ];
        for (text, expected) in cases {
            let date = Date::parse(text).map(|date| date.to_string());
            assert_eq!(date.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "",
            "now",
            "yesterday",
            "20050407",
            "@-1",
            "@1 +2500",
            "@1 0200",
            "2005-13-01T00:00:00",
            "2005-04-07T24:00:00",
            "2005-04-07",
            "Thu, 07 Avr 2005 22:13:13",
            "@99999999999999999999",
            "é2005-04-07T22:13:13",
            "2005-04-07T22:13:13é",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
