//! Bounds and escapes the server's texts before they are shown, on one line.

use std::borrow::Cow;

use crate::Json;

/// Longest text of the server that an error shows, in bytes. With request id, path and content type
/// it stays below 2 KiB.
const LONGEST: usize = 1664;

/// Longest identifier or name of the server that an error shows, in bytes.
pub(crate) const SHORT: usize = 128;

/// The beginning of a text, control characters escaped.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    shown_up_to(text, LONGEST)
}

/// The beginning of a text, at most so many bytes, control characters escaped.
pub(crate) fn shown_up_to(text: &str, longest: usize) -> Cow<'_, str> {
    if text.len() <= longest && !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let (shown, is_all) = escaped(text, longest);
    Cow::Owned(if is_all { shown } else { cut(&shown, text.len()) })
}

/// As much of a text as fits, control characters escaped; and whether that is all of it.
fn escaped(text: &str, longest: usize) -> (String, bool) {
    let mut shown = String::with_capacity(text.len().min(longest));
    for character in text.chars() {
        let before = shown.len();
        match is_control(character) {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
        if shown.len() > longest {
            shown.truncate(before);
            return (shown, false);
        }
    }
    (shown, true)
}

fn cut(beginning: &str, length: usize) -> String {
    format!("{beginning}… ({length} bytes)")
}

/// Characters that move the cursor, begin a line, or turn the direction of writing.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The beginning of a body, for people.
pub(crate) fn excerpt(body: &[u8]) -> Cow<'_, str> {
    match body.get(..LONGEST) {
        Some(beginning) if body.len() > LONGEST => {
            let text = String::from_utf8_lossy(beginning);
            let (beginning, _) = escaped(text.trim_end_matches('\u{fffd}'), LONGEST);
            Cow::Owned(cut(&beginning, body.len()))
        }
        _ => match String::from_utf8_lossy(body) {
            Cow::Borrowed(text) => shown(text),
            Cow::Owned(text) => Cow::Owned(shown(&text).into_owned()),
        },
    }
}

/// Makes a text one that may be shown.
pub(super) fn bound(text: &mut Option<String>) {
    if let Some(text) = text
        && let Cow::Owned(shown) = shown(text)
    {
        *text = shown;
    }
}

/// The same for a code, which is a short text or number.
pub(super) fn bound_code(code: &mut Option<Json>) {
    if let Some(json) = code
        && let Cow::Owned(shown) = shown_up_to(json.text(), SHORT)
    {
        *code = Json::new(&shown).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short() {
        assert_eq!(excerpt(b"short"), "short");
        let long = "é".repeat(5000);
        let shown = excerpt(&long.as_bytes()[1..]).into_owned();
        assert!(shown.len() < LONGEST + 40, "{}", shown.len());
        assert!(shown.ends_with("é… (9999 bytes)"), "{shown}");
    }

    #[test]
    fn control_characters_are_escaped() {
        for (text, expected) in [
            ("plain \"é\" \\n", "plain \"é\" \\n"),
            ("a\u{1b}[31m\r\nb\tc\0", r"a\u{1b}[31m\r\nb\tc\u{0}"),
            ("a\u{9b}\u{2028}\u{202e}b", r"a\u{9b}\u{2028}\u{202e}b"),
        ] {
            assert_eq!(shown(text), expected);
            assert_eq!(excerpt(text.as_bytes()), expected);
        }
        // The escapes count.
        let shown = shown_up_to("\u{1b}\u{1b}\u{1b}", 12);
        assert_eq!(shown, r"\u{1b}\u{1b}… (3 bytes)");
        assert_eq!(shown_up_to("ééé", 5), "éé… (6 bytes)");
    }
}
