//! What may be shown of a body.

use std::borrow::Cow;

/// Longest part of a body that an error shows, in bytes.
const EXCERPT: usize = 2048;

const REDACTED: &[u8] = b"[redacted]";

/// Removes this secret, and whatever follows the word `Bearer`.
pub(crate) fn scrub(body: Vec<u8>, secret: &str) -> Vec<u8> {
    let mut clean = Vec::with_capacity(body.len());
    let mut rest = body.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        if !secret.is_empty() && rest.starts_with(secret.as_bytes()) {
            clean.extend_from_slice(REDACTED);
            rest = rest.get(secret.len()..).unwrap_or_default();
        } else if let Some((scheme, token)) = bearer(rest) {
            clean.extend_from_slice(scheme);
            clean.extend_from_slice(REDACTED);
            rest = rest.get(scheme.len().saturating_add(token)..).unwrap_or_default();
        } else {
            clean.push(*first);
            rest = tail;
        }
    }
    clean
}

/// If the text begins with `Bearer ` and a token: the former, and the length of the latter.
fn bearer(text: &[u8]) -> Option<(&[u8], usize)> {
    const SCHEME: &[u8] = b"bearer ";
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let token =
        rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte)).count();
    (token >= MIN_TOKEN).then_some((scheme, token))
}

/// Shorter words after `Bearer` are prose: `Bearer token required`.
const MIN_TOKEN: usize = 8;

/// The beginning of a body, for people.
pub(crate) fn excerpt(body: &[u8]) -> Cow<'_, str> {
    match body.get(..EXCERPT) {
        Some(beginning) if body.len() > EXCERPT => {
            let text = String::from_utf8_lossy(beginning);
            Cow::Owned(format!("{}… ({} bytes)", text.trim_end_matches('\u{fffd}'), body.len()))
        }
        _ => String::from_utf8_lossy(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str) -> String {
        String::from_utf8(scrub(text.as_bytes().to_vec(), "id.secret")).unwrap()
    }

    #[test]
    fn secrets_are_removed_wherever_they_stand() {
        for (given, kept) in [
            ("", ""),
            ("no secrets", "no secrets"),
            ("key id.secret!", "key [redacted]!"),
            ("id.secretid.secret", "[redacted][redacted]"),
            (r#"{"a":"bearer abcdefgh.ij"}"#, r#"{"a":"bearer [redacted]"}"#),
            ("Bearer token required", "Bearer token required"),
            ("Bearer id.secret", "Bearer [redacted]"),
            ("Bearer ", "Bearer "),
            ("id.secre", "id.secre"),
        ] {
            assert_eq!(scrubbed(given), kept);
        }
        assert_eq!(scrub(b"abc".to_vec(), ""), b"abc");
    }

    #[test]
    fn excerpts_are_short() {
        assert_eq!(excerpt(b"short"), "short");
        let long = "é".repeat(5000);
        let shown = excerpt(&long.as_bytes()[1..]).into_owned();
        assert!(shown.len() < EXCERPT + 40, "{}", shown.len());
        assert!(shown.ends_with("é… (9999 bytes)"), "{shown}");
    }
}
