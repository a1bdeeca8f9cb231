//! Numbers from text, exactly or not at all.

use std::str::FromStr;

use rust_decimal::Decimal;

/// Digits that a decimal can have behind its point.
const MAX_SCALE: i64 = 28;

/// A decimal with the scale that is written: `1.50` stays `1.50`. None if it does not fit.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
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
        scale = scale.checked_add(1)?;
    }
    while scale > MAX_SCALE && digits.checked_rem(10)? == 0 {
        digits = digits.checked_div(10)?;
        scale = scale.checked_sub(1)?;
    }
    Decimal::try_from_i128_with_scale(digits, u32::try_from(scale).ok()?).ok()
}

/// An integer, also if it is written as `5.0` or `1e3`.
pub(super) fn integer<T: FromStr + TryFrom<i128>>(text: &str) -> Option<T> {
    text.parse().ok().or_else(|| {
        let value = decimal(text)?.normalize();
        match value.scale() {
            0 => T::try_from(value.mantissa()).ok(),
            _ => None,
        }
    })
}

/// The float that is nearest to a number; none for what is no number or infinite.
pub(super) fn float(text: &str) -> Option<f64> {
    let numeric = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    let value: f64 = text.parse().ok()?;
    (value.is_finite() && text.bytes().all(numeric)).then_some(value)
}
