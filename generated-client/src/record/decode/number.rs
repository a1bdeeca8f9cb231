//! Numbers from text, exactly or not at all; those that were floats, to the last digit that fits.

use rust_decimal::Decimal;

/// Digits that a decimal can have behind its point.
const MAX_SCALE: i64 = 28;

/// Longest text that the library reads as it is: it calls itself for each digit.
const LONGEST: usize = 64;

/// A decimal with the scale that is written: `1.50` stays `1.50`. None if it does not fit.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    short(text).or_else(|| if text.len() > LONGEST { any(&shortened(text)?) } else { any(text) })
}

/// The same number without the zeros that do not count; none if it is still too long.
fn shortened(text: &str) -> Option<String> {
    let unsigned = text.trim_start_matches('-');
    let sign = &text[..text.len() - unsigned.len()];
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => unsigned.split_at(at),
        None => (unsigned, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let short = format!("{sign}0{whole}.{fraction}0{exponent}");
    (short.len() <= LONGEST).then_some(short)
}

/// A decimal that was a float when it was written, such as `1.7763568394002505e-15`. Digits below
/// 10^-28, where a decimal ends, are far below the error of such a float: they are rounded off, half
/// to even. None if it does not fit otherwise.
pub(super) fn from_float(text: &str) -> Option<Decimal> {
    decimal(text).or_else(|| rounded(text))
}

fn rounded(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent.parse().ok()?)?;
    let excess = usize::try_from(scale.checked_sub(MAX_SCALE)?).ok()?;
    let (kept, dropped) = match digits.len().checked_sub(excess) {
        Some(length) => digits.split_at_checked(length)?,
        // Zeros come before the first digit, and it does not matter how many.
        None => ("", "0"),
    };
    let kept = if kept.is_empty() { 0 } else { decimal(kept)?.trunc().mantissa() };
    let is_odd = kept & 1 == 1;
    let up = match dropped.strip_prefix('5') {
        Some(rest) if rest.bytes().all(|digit| digit == b'0') => is_odd,
        _ => dropped.as_bytes().first().is_some_and(|first| *first >= b'5'),
    };
    let value = kept.checked_add(i128::from(up))?;
    let value = if mantissa.starts_with('-') { -value } else { value };
    Decimal::try_from_i128_with_scale(value, 28).ok()
}

/// The usual price, in a third of the time: at most 18 digits, at least one before the point.
fn short(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() > 18 || !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let mut value: i64 = 0;
    let mut scale = None;
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i64::from(byte - b'0');
                scale = scale.map(|scale: u32| scale + 1);
            }
            b'.' if scale.is_none() => scale = Some(0),
            _ => return None,
        }
    }
    let mut decimal = Decimal::try_new(value, scale.unwrap_or_default()).ok()?;
    decimal.set_sign_negative(value != 0 && digits.len() < text.len());
    Some(decimal)
}

fn any(text: &str) -> Option<Decimal> {
    let bytes = text.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+');
    if bytes.iter().all(plain) {
        return Decimal::from_str_exact(text).ok();
    }
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    if !mantissa.bytes().all(|byte| plain(&byte)) {
        return None;
    }
    scaled(Decimal::from_str_exact(mantissa).ok()?, exponent.parse().ok()?)
}

/// `value` times ten to the power of `exponent`.
fn scaled(value: Decimal, exponent: i64) -> Option<Decimal> {
    let mut digits = value.mantissa();
    if digits == 0 {
        return Some(Decimal::ZERO);
    }
    let mut scale = i64::from(value.scale()).checked_sub(exponent)?;
    while scale < 0 {
        digits = digits.checked_mul(10)?;
        scale += 1;
    }
    while scale > MAX_SCALE && digits % 10 == 0 {
        digits /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(digits, u32::try_from(scale).ok()?).ok()
}

/// An integer, also if it is written as `5.0` or `1e3`.
pub(super) fn integer<T: TryFrom<i128>>(text: &str) -> Option<T> {
    T::try_from(whole(text)?).ok()
}

fn whole(text: &str) -> Option<i128> {
    if let Ok(value) = text.parse::<i64>() {
        return Some(value.into());
    }
    let value = decimal(text)?.normalize();
    (value.scale() == 0).then(|| value.mantissa())
}

/// The float that is nearest to a number; none for what is no number or infinite.
pub(super) fn float(text: &str) -> Option<f64> {
    let numeric = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    let value: f64 = text.parse().ok()?;
    (value.is_finite() && text.bytes().all(numeric)).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::{decimal, float, from_float, integer};

    #[test]
    fn decimals_keep_what_is_written() {
        for (text, expected) in [
            ("0", "0"),
            ("1.50", "1.50"),
            ("-1.50", "-1.50"),
            ("+1.5", "1.5"),
            ("1e-3", "0.001"),
            ("1.50e0", "1.50"),
            ("1E5", "100000"),
            ("12.5e+1", "125"),
            ("1.25e1", "12.5"),
            ("0e99999", "0"),
            ("-0.0", "0.0"),
            ("1000e-30", "0.0000000000000000000000000010"),
            ("79228162514264337593543950335", "79228162514264337593543950335"),
            ("-79228162514264337593543950335", "-79228162514264337593543950335"),
            ("1234567890123456789012345678", "1234567890123456789012345678"),
            ("0.1234567890123456789012345678", "0.1234567890123456789012345678"),
        ] {
            assert_eq!(decimal(text).map(|value| value.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_decimal_or_does_not_fit_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "abc",
            "1_000",
            "1,5",
            " 1",
            "1 ",
            "0x10",
            "1e",
            "e5",
            "1e5.0",
            "1e1e1",
            "--1",
            "1.2.3",
            "NaN",
            "inf",
            "1e29",
            "1e-29",
            "1e99999999999999999999",
            "1e-9223372036854775808",
            "1e9223372036854775807",
            "79228162514264337593543950336",
            "123456789012345678901234567890",
            "0.12345678901234567890123456789",
            "1.12345678901234567890123456789",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn zeros_that_do_not_count_take_no_stack() {
        let zeros = "0".repeat(2_000_000);
        let on_a_small_stack = std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
            for (text, expected) in [
                (format!("{zeros}25"), Some("25.0")),
                (format!("-{zeros}25"), Some("-25.0")),
                (format!("0.{zeros}"), Some("0.0")),
                (format!("25.{zeros}"), Some("25.0")),
                (format!("{zeros}.5{zeros}e1"), Some("5.0")),
                (format!("25{zeros}"), None),
                (format!("0.{zeros}25"), None),
                ("9".repeat(2_000_000), None),
            ] {
                // Whether it is one or not, the stack is large enough.
                from_float(&format!("{text}e-40"));
                let found = decimal(&text).map(|value| value.to_string());
                assert_eq!(found.as_deref(), expected, "{:.9}…", text);
                assert_eq!(
                    integer::<i32>(&text),
                    expected.and_then(|text| text.parse::<f64>().ok()).map(|value| value as i32)
                );
            }
        });
        on_a_small_stack.unwrap().join().unwrap();
    }

    #[test]
    fn floats_lose_what_is_below_the_last_digit_of_a_decimal() {
        for (text, expected) in [
            ("1.50", "1.50"),
            ("1.7763568394002505e-15", "0.0000000000000017763568394003"),
            ("-1.7763568394002505E-15", "-0.0000000000000017763568394003"),
            ("0.00000000000000177635683940025046", "0.0000000000000017763568394003"),
            ("7.9228162514264337593543950335", "7.9228162514264337593543950335"),
            ("1.00000000000000000000000000005", "1.0000000000000000000000000000"),
            ("1.00000000000000000000000000015", "1.0000000000000000000000000002"),
            ("1.000000000000000000000000000050001", "1.0000000000000000000000000001"),
            ("1.00000000000000000000000000004999", "1.0000000000000000000000000000"),
            ("5e-29", "0.0000000000000000000000000000"),
            ("6e-29", "0.0000000000000000000000000001"),
            ("9e-30", "0.0000000000000000000000000000"),
            ("-5e-324", "0.0000000000000000000000000000"),
        ] {
            assert_eq!(from_float(text).map(|value| value.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_float_that_has_no_decimal_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "e-30",
            "--1e-30",
            "1.2.3e-30",
            "1_0e-30",
            "1e-30x",
            "NaN",
            "inf",
            "1e29",
            "1e308",
            "79228162514264337593543950336",
            // Its first digits do not fit together with the 28th after the point.
            "12345678901234567890.12345678901",
        ] {
            assert_eq!(from_float(text), None, "{text}");
        }
    }

    #[test]
    fn integers_are_exact() {
        assert_eq!(integer(&i64::MIN.to_string()), Some(i64::MIN));
        assert_eq!(integer(&u64::MAX.to_string()), Some(u64::MAX));
        assert_eq!(integer("5.0"), Some(5_i32));
        assert_eq!(integer("1e3"), Some(1000_u32));
        assert_eq!(integer::<i64>("1.5"), None);
        assert_eq!(integer::<i64>("9223372036854775808"), None);
        assert_eq!(integer::<i32>("2147483648"), None);
        assert_eq!(integer::<u32>("-1"), None);
        assert_eq!(integer::<u64>("1e40"), None);
    }

    #[test]
    fn floats_are_finite_numbers() {
        assert_eq!(float("0.1"), Some(0.1));
        assert_eq!(float("1e308"), Some(1e308));
        for text in ["1e309", "nan", "inf", "infinity", "", "x"] {
            assert_eq!(float(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_decimal_comes_back(digits in -79_228_162_514_264_337_593_543_950_335_i128..=79_228_162_514_264_337_593_543_950_335, scale in 0_u32..=28) {
            let value = Decimal::from_i128_with_scale(digits, scale);
            let text = value.to_string();
            prop_assert_eq!(decimal(&text).unwrap().to_string(), text);
        }

        #[test]
        fn the_short_way_is_the_long_way(text in "-?[0-9]{0,12}\\.?[0-9]{0,8}") {
            let (short, long) = (super::short(&text), super::any(&text));
            if let Some(short) = short {
                prop_assert_eq!(Some(short), long);
                prop_assert_eq!(short.serialize(), long.unwrap().serialize());
            }
        }

        #[test]
        fn every_float_below_ten_to_the_nine_has_a_decimal(float in -1e9_f64..1e9) {
            for text in [float.to_string(), format!("{float:e}")] {
                let value = from_float(&text).unwrap();
                prop_assert_eq!(value.to_string().parse::<f64>().unwrap(), float);
            }
            let tiny = from_float(&format!("{:e}", float * 1e-30)).unwrap();
            prop_assert!((tiny.to_string().parse::<f64>().unwrap() - float * 1e-30).abs() <= 5e-29);
        }

        #[test]
        fn an_exponent_is_a_moved_point(digits in -999_999_999_i64..=999_999_999, exponent in -20_i32..=18) {
            let expected = match u32::try_from(exponent) {
                Ok(zeros) => Decimal::from(digits).saturating_mul(10_u64.pow(zeros).into()),
                Err(_) => Decimal::new(digits, exponent.unsigned_abs()),
            };
            prop_assert_eq!(decimal(&format!("{digits}e{exponent}")), Some(expected));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9.eE_]{0,40}") {
            decimal(&text);
            integer::<i32>(&text);
            integer::<u64>(&text);
            float(&text);
        }
    }
}
