//! Removes secrets from the server's texts.

use std::borrow::Cow;

const REDACTED: &[u8] = b"[redacted]";

/// Removes these secrets, however JSON escapes them, and whatever follows the word `Bearer`.
///
/// Decoding what is left brings no secret back.
pub(crate) fn scrub<'a>(text: &'a [u8], secrets: &[&str]) -> Cow<'a, [u8]> {
    let starts = starts(secrets);
    let mut clean = Vec::new();
    // Where the text goes on that is kept, and where a secret may begin.
    let (mut kept, mut at) = (0, 0);
    while let Some(rest) = text.get(at..) {
        let begins = |byte: &u8| starts[usize::from(*byte)];
        let Some(next) = rest.iter().position(begins) else { break };
        at += next;
        let rest = &rest[next..];
        let secret = secrets.iter().filter_map(|secret| spelled(rest, secret)).max();
        let (shown, hidden) = match (secret, bearer(rest)) {
            (Some(length), _) => (0, length),
            (None, Some(found)) => found,
            (None, None) => {
                at += 1;
                continue;
            }
        };
        clean.extend_from_slice(&text[kept..at + shown]);
        clean.extend_from_slice(REDACTED);
        at += shown + hidden;
        kept = at;
    }
    if clean.is_empty() {
        return Cow::Borrowed(text);
    }
    clean.extend_from_slice(&text[kept..]);
    Cow::Owned(clean)
}

/// The same for text.
pub(crate) fn scrub_text<'a>(text: &'a str, secrets: &[&str]) -> Cow<'a, str> {
    match scrub(text.as_bytes(), secrets) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(clean) => Cow::Owned(String::from_utf8_lossy(&clean).into_owned()),
    }
}

/// The bytes that a secret can begin with.
fn starts(secrets: &[&str]) -> [bool; 256] {
    let mut starts = [false; 256];
    let first = secrets.iter().filter_map(|secret| secret.bytes().find(|byte| *byte != b'\\'));
    for byte in first.chain(*b"bB\\") {
        starts[usize::from(byte)] = true;
    }
    starts
}

/// The length of the secret, if the text begins with it, escaped or not.
///
/// Backslashes are passed over, because they are what escapes are made of, once or many times: two
/// texts that differ in nothing else are taken for the same.
fn spelled(text: &[u8], secret: &str) -> Option<usize> {
    let letters = |letter: fn(&[u8], char) -> Option<usize>| {
        let mut at = 0_usize;
        for character in secret.chars().filter(|character| *character != '\\') {
            at += letter(&text[at..], character)?;
        }
        (at > 0).then_some(at)
    };
    // What begins with `u` after a backslash may be meant as it is.
    letters(|text, character| by_number(text, character).or_else(|| as_it_is(text, character))).or_else(
        || letters(|text, character| as_it_is(text, character).or_else(|| by_number(text, character))),
    )
}

/// The length of this character, if the text begins with it, perhaps after backslashes.
fn as_it_is(text: &[u8], character: char) -> Option<usize> {
    let at = backslashes(text);
    let mut bytes = [0; 4];
    let literal = character.encode_utf8(&mut bytes).as_bytes();
    text[at..].strip_prefix(literal)?;
    Some(at + literal.len())
}

/// The same for its number: `\u0041`.
fn by_number(text: &[u8], character: char) -> Option<usize> {
    let mut at = 0_usize;
    for unit in character.encode_utf16(&mut [0; 2]) {
        let slashes = backslashes(&text[at..]);
        at += slashes;
        if slashes == 0 || escaped(&text[at..]) != Some(*unit) {
            return None;
        }
        at += ESCAPE;
    }
    Some(at)
}

/// Length of `u0041`.
const ESCAPE: usize = 5;

/// The unit of UTF-16 in `u0041`.
fn escaped(text: &[u8]) -> Option<u16> {
    let hex = text.strip_prefix(b"u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

/// The length of the backslashes that a text begins with, escaped ones among them.
fn backslashes(text: &[u8]) -> usize {
    let mut at = 0_usize;
    loop {
        let rest = &text[at..];
        let plain = rest.iter().take_while(|byte| **byte == b'\\').count();
        let is_backslash = plain > 0 && escaped(&rest[plain..]) == Some(u16::from(b'\\'));
        at += plain;
        if !is_backslash {
            return at;
        }
        at += ESCAPE;
    }
}

/// If the text begins with `Bearer ` and a token: the length of the former, and of the latter.
fn bearer(text: &[u8]) -> Option<(usize, usize)> {
    const SCHEME: &[u8] = b"bearer ";
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let token =
        rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte)).count();
    (token >= MIN_TOKEN).then_some((SCHEME.len(), token))
}

/// Shorter words after `Bearer` are prose: `Bearer token required`.
const MIN_TOKEN: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scrubbed(text: &str) -> String {
        scrub_text(text, &["id.secret"]).into_owned()
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
            ("iid.secret", "i[redacted]"),
        ] {
            assert_eq!(scrubbed(given), kept);
        }
        assert_eq!(scrub_text("abc", &[""]), "abc");
        assert_eq!(scrub_text("abc", &[]), "abc");
        // The longer one, where one begins with the other.
        assert_eq!(scrub_text("abcdef abc", &["abc", "abcdef"]), "[redacted] [redacted]");
    }

    #[test]
    fn secrets_are_removed_however_they_are_escaped() {
        let secret = r"k/9+\=é𝄞";
        for text in [
            secret,
            r"k\/9+\\=é𝄞",
            r"k\u002f9\u002B\\\u003D\u00e9\ud834\uDD1E",
            r"\u006b\u002F\u0039\u002b\u005C\u003d\u00E9\uD834\udd1e",
            r"k\\\/9\\u002b\\\\=é𝄞",
        ] {
            assert_eq!(scrub_text(&format!("a{text}b"), &[secret]), "a[redacted]b", "{text}");
        }
        for text in [r"k\/9+", r"k/9+\\=é\ud834\udd1f", r"ku002f9+\\=é𝄞", r"k\u002"] {
            assert_eq!(scrub_text(text, &[secret]), text);
        }
    }

    /// Each character of a text as it is, or as one of JSON's escapes.
    fn escaped(text: &str, choices: &[u8]) -> String {
        let escape = |(character, choice): (char, &u8)| match (choice % 4, character) {
            (0, '"' | '\\') | (1, '/' | '"' | '\\') => format!("\\{character}"),
            (2, _) => format!("\\u{:04x}", character as u32),
            (3, _) => format!("\\u{:04X}", character as u32),
            _ => character.to_string(),
        };
        text.chars().zip(choices.iter().cycle()).map(escape).collect()
    }

    proptest! {
        #[test]
        fn no_escape_hides_a_secret(
            secret in "[!-~]{6,12}",
            choices in proptest::collection::vec(any::<u8>(), 1..12),
            before in "[ -~]{0,6}",
        ) {
            let json = |text: &str| serde_json::to_string(text).unwrap();
            let before = json(&before);
            let text = format!("{}{}\"", before.trim_end_matches('"'), escaped(&secret, &choices));
            let decoded: Result<String, _> = serde_json::from_str(&text);
            prop_assume!(decoded.is_ok_and(|decoded| decoded.ends_with(&secret)));
            let clean = scrub_text(&text, &[&secret]);
            prop_assert!(!clean.contains(&secret), "{}", clean);
            if let Ok(decoded) = serde_json::from_str::<String>(&clean) {
                prop_assert!(!decoded.contains(&secret), "{}", decoded);
            }
        }
    }
}
