//! What is written down beside sealed values: the certificates that they were sealed with.

use crate::certificate::Certificate;
use chrono::NaiveDate;

/// The annotation with the fingerprints of the certificates that values were sealed with, each with
/// the day from which on it was valid: `SHA256:…@2026-11-24`, commas between.
pub const SEALED_WITH: &str = "windlass-gitops.github.io/sealed-with";

/// A certificate that values were sealed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) fingerprint: String,
    pub(crate) since: String,
}

impl Used {
    pub(crate) fn of(certificate: &Certificate) -> Self {
        Self {
            fingerprint: certificate.fingerprint().to_owned(),
            since: certificate.since(),
        }
    }

    /// How many days it has been valid at `now`, in seconds since 1970, if its day is one.
    pub(crate) fn age(&self, now: u64) -> Option<u64> {
        let day = NaiveDate::parse_from_str(&self.since, "%Y-%m-%d").ok()?;
        let start = day.and_hms_opt(0, 0, 0)?.and_utc().timestamp();
        Some(now.saturating_sub(u64::try_from(start).ok()?) / (24 * 60 * 60))
    }
}

/// The certificates of an annotation; what is in no form that is known is passed over.
pub(crate) fn read(text: &str) -> Vec<Used> {
    let used = |entry: &str| {
        let (fingerprint, since) = entry.trim().split_once('@')?;
        fingerprint.starts_with("SHA256:").then(|| Used {
            fingerprint: fingerprint.to_owned(),
            since: since.to_owned(),
        })
    };
    text.split(',').filter_map(used).collect()
}

/// The text of the annotation.
pub(crate) fn write(used: &[Used]) -> String {
    let entry = |used: &Used| format!("{}@{}", used.fingerprint, used.since);
    used.iter().map(entry).collect::<Vec<_>>().join(",")
}
