//! Prices, quantities and money as whole numbers, so that nothing is ever rounded.
//!
//! A price times a quantity is money without a remainder: 4 and 6 decimal places make 10.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use rust_decimal::Decimal;

const PRICE_PLACES: u32 = 4;
const QUANTITY_PLACES: u32 = 6;
const MONEY_PLACES: u32 = PRICE_PLACES + QUANTITY_PLACES;

/// Greatest price and greatest quantity that is understood, exclusive: then no sum can overflow.
const LIMIT: i64 = 1_000_000_000;

/// A price in ten-thousandths of a dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Price(i64);

/// Shares or contracts in millionths; negative for what is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Quantity(i64);

/// Dollars in units of 10^-10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Money(i128);

/// What a decimal is in whole units of so many places, if it is exactly that and within the limit.
fn units(decimal: Decimal, places: u32) -> Option<i64> {
    let decimal = decimal.normalize();
    let missing = places.checked_sub(decimal.scale())?;
    let units = i64::try_from(decimal.mantissa().checked_mul(10_i128.pow(missing))?).ok()?;
    (-LIMIT * 10_i64.pow(places) < units && units < LIMIT * 10_i64.pow(places)).then_some(units)
}

fn decimal(units: i128, places: u32) -> Decimal {
    let exact = Decimal::try_from_i128_with_scale(units, places);
    exact.unwrap_or(if units < 0 { Decimal::MIN } else { Decimal::MAX }).normalize()
}

impl Price {
    /// The least price.
    pub(crate) const CENT: Self = Self(100);

    /// So many cents.
    pub(crate) const fn from_cents(cents: i64) -> Self {
        Self(cents * Self::CENT.0)
    }

    /// `None` if it is not positive, too great, or has more than four decimal places.
    pub(crate) fn from_decimal(decimal: Decimal) -> Option<Self> {
        units(decimal, PRICE_PLACES).filter(|units| *units > 0).map(Self)
    }

    /// As a decimal, exactly.
    pub(crate) fn decimal(self) -> Decimal {
        decimal(self.0.into(), PRICE_PLACES)
    }

    /// Ten-thousandths of a dollar.
    pub(crate) const fn units(self) -> i64 {
        self.0
    }

    /// Rounded to a cent, one cent at least.
    pub(crate) fn rounded(units: i64) -> Self {
        let cents = (units + Self::CENT.0 / 2).div_euclid(Self::CENT.0);
        Self::from_cents(cents.max(1))
    }

    /// So many ten-thousandths of a dollar more.
    pub(crate) const fn plus(self, offset: i64) -> Self {
        Self(self.0 + offset)
    }

    /// What a quantity costs at this price.
    pub(crate) fn times(self, quantity: Quantity, multiplier: i64) -> Money {
        Money(i128::from(self.0) * i128::from(quantity.0) * i128::from(multiplier))
    }
}

impl Quantity {
    /// None.
    pub(crate) const ZERO: Self = Self(0);
    /// One share or contract.
    pub(crate) const ONE: Self = Self(1_000_000);

    /// So many shares or contracts.
    pub(crate) const fn whole(number: i64) -> Self {
        Self(number * Self::ONE.0)
    }

    /// `None` if it is negative, too great, or has more than six decimal places.
    pub(crate) fn from_decimal(decimal: Decimal) -> Option<Self> {
        units(decimal, QUANTITY_PLACES).filter(|units| *units >= 0).map(Self)
    }

    /// As a decimal, exactly.
    pub(crate) fn decimal(self) -> Decimal {
        decimal(self.0.into(), QUANTITY_PLACES)
    }

    /// Whether it has no fraction.
    pub(crate) const fn is_whole(self) -> bool {
        self.0 % Self::ONE.0 == 0
    }

    /// Whether it is nothing.
    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Without its sign.
    pub(crate) const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// 1, 0 or -1.
    pub(crate) const fn signum(self) -> i64 {
        self.0.signum()
    }

    /// What is left without the other; not below zero.
    pub(crate) fn less(self, other: Self) -> Self {
        (self - other).max(Self::ZERO)
    }
}

impl Money {
    /// None.
    pub(crate) const ZERO: Self = Self(0);

    /// So many dollars.
    pub(crate) const fn dollars(dollars: i64) -> Self {
        Self(dollars as i128 * 10_i128.pow(MONEY_PLACES))
    }

    /// `None` if it is too great or has more than ten decimal places.
    pub(crate) fn from_decimal(decimal: Decimal) -> Option<Self> {
        let decimal = decimal.normalize();
        let missing = MONEY_PLACES.checked_sub(decimal.scale())?;
        decimal.mantissa().checked_mul(10_i128.pow(missing)).map(Self)
    }

    /// In whole cents, as statements have it.
    pub(crate) fn cents(self) -> Decimal {
        decimal(self.0, MONEY_PLACES).round_dp(2).normalize()
    }

    /// Without its sign.
    pub(crate) const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// So many times as much.
    pub(crate) const fn times(self, factor: i64) -> Self {
        Self(self.0 * factor as i128)
    }

    /// One of so many parts.
    pub(crate) const fn over(self, parts: i64) -> Self {
        Self(self.0 / parts as i128)
    }

    /// The part of it that `part` is of `whole`; all of it if they are equal.
    pub(crate) fn share(self, part: Quantity, whole: Quantity) -> Self {
        if whole.is_zero() {
            return Self::ZERO;
        }
        Self(self.0 * i128::from(part.0) / i128::from(whole.0))
    }

    /// Per share or contract, to four decimal places.
    pub(crate) fn per(self, quantity: Quantity, multiplier: i64) -> Option<Decimal> {
        let divisor = i128::from(quantity.0) * i128::from(multiplier);
        Some(decimal(self.0.checked_div(divisor)?, PRICE_PLACES))
    }

    /// In percent of another amount, to two decimal places.
    pub(crate) fn percent_of(self, whole: Self) -> Option<Decimal> {
        Some(decimal((self.0 * 10_000).checked_div(whole.0)?, 2))
    }
}

macro_rules! arithmetic {
    ($($name:ident),*) => {$(
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::default(), Add::add)
            }
        }
    )*};
}

arithmetic!(Quantity, Money);

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn exact_or_nothing() {
        for (text, price, quantity) in [
            ("150.25", true, true),
            ("0", false, true),
            ("-1", false, false),
            ("0.00010", true, true),
            ("0.00001", false, true),
            ("0.0000001", false, false),
            ("999999999.9999", true, true),
            ("1000000000", false, false),
        ] {
            assert_eq!(Price::from_decimal(parsed(text)).is_some(), price, "{text} as a price");
            assert_eq!(Quantity::from_decimal(parsed(text)).is_some(), quantity, "{text} as a quantity");
        }
    }

    #[test]
    fn money_is_price_times_quantity() {
        let price = Price::from_decimal(parsed("0.0001")).unwrap();
        let quantity = Quantity::from_decimal(parsed("0.000001")).unwrap();
        assert_eq!(price.times(quantity, 1), Money(1));
        let paid = Price::from_cents(1234).times(Quantity::whole(3), 100);
        assert_eq!(paid, Money::dollars(3702));
        assert_eq!(paid.per(Quantity::whole(3), 100), Some(parsed("12.34")));
        assert_eq!(paid.per(Quantity::ZERO, 100), None);
        assert_eq!(paid.share(Quantity::whole(1), Quantity::whole(3)), Money::dollars(1234));
    }
}
