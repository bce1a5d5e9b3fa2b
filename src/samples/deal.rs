//! What one generated order is, before it is written.

use super::dice::Dice;
use super::generate::Generated;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Kinds of dice, so that asking for defects or changes alters no other order.
const OF_ORDER: u64 = 1;
const OF_DEFECT: u64 = 2;
const OF_CHANGE: u64 = 3;

/// 2026-10-31 12:00:00 UTC: when the last of the orders asked for was placed; extra ones follow.
const END: i64 = 1_793_448_000;
/// From the first order to the last: the orders begin in January 2019.
const SPAN_SECONDS: i64 = 246_700_000;

/// A product: name, stock-keeping unit, and price in hundredths.
pub type Product = (&'static str, &'static str, u64);

const PRODUCTS: &[Product] = &[
    ("Mug, blue", "MUG-BLUE", 1_250),
    ("Mug, white", "MUG-WHITE", 1_199),
    ("Tea pot 1.2 l", "POT-12", 3_995),
    ("Tea towel - striped", "TOWEL-1", 890),
    ("Tea towel - \"Harvest\"", "TOWEL-2", 990),
    ("Green tea 100 g", "TEA-G100", 1_433),
    ("Black tea 250 g", "TEA-B250", 1_977),
    ("Chai mix 🌿", "TEA-CHAI", 1_650),
    ("Honey, forest", "HONEY-F", 999),
    ("Honey, 3 jars", "HONEY-3", 2_667),
    ("Wooden tray", "TRAY-W", 4_500),
    ("Espresso cup / set of 6", "CUP-6", 5_333),
    ("Filter papers", "FILTER", 345),
    ("Gift wrap", "WRAP", 500),
    ("Tin, Größe L", "TIN-L", 1_875),
    ("Kettle", "KETTLE", 8_999),
];

/// A currency orders are placed in.
pub struct Money {
    pub code: &'static str,
    /// Of its minor unit.
    pub digits: usize,
    /// Minor units for one hundredth of a price in the list.
    factor: u64,
    /// Orders of a thousand.
    permille: u64,
    tax: Tax,
}

/// In parts of ten thousand.
#[derive(Clone, Copy)]
enum Tax {
    OnTop(u64),
    Within(u64),
}

const MONEY: &[Money] = &[
    money("USD", 2, 1, 800, Tax::OnTop(825)),
    money("EUR", 2, 1, 80, Tax::Within(1_900)),
    money("GBP", 2, 1, 60, Tax::Within(2_000)),
    money("JPY", 0, 1, 30, Tax::Within(1_000)),
    money("KWD", 3, 3, 30, Tax::Within(0)),
];

const fn money(code: &'static str, digits: usize, factor: u64, permille: u64, tax: Tax) -> Money {
    Money { code, digits, factor, permille, tax }
}

/// What is wrong with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    NoEmail,
    BadEmail,
    BadTotal,
    BadCurrency,
    BadDate,
    BadQuantity,
}

impl Defect {
    const ALL: [Self; 6] = [
        Self::NoEmail,
        Self::BadEmail,
        Self::BadTotal,
        Self::BadCurrency,
        Self::BadDate,
        Self::BadQuantity,
    ];

    /// The reason for which the loader is to refuse the order.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoEmail => "missing_email",
            Self::BadEmail => "invalid_email",
            Self::BadTotal => "bad_money",
            Self::BadCurrency => "unknown_currency",
            Self::BadDate => "bad_date",
            Self::BadQuantity => "bad_quantity",
        }
    }
}

pub struct Line {
    pub product: Product,
    /// Of one unit, in minor units.
    pub price: u64,
    pub quantity: u64,
}

/// One order; all amounts in minor units of its currency, and adding up.
pub struct Deal {
    pub index: u64,
    pub customer: u64,
    pub money: &'static Money,
    pub lines: Vec<Line>,
    pub discount: u64,
    pub subtotal: u64,
    pub shipping: u64,
    pub tax: u64,
    pub total: u64,
    pub placed: Zoned,
    pub defect: Option<Defect>,
    pub is_changed: bool,
}

impl Deal {
    /// The order of this index: the same for the same seed and number of orders, whatever else is
    /// asked.
    pub fn new(options: &Generated, index: u64, zone: &TimeZone) -> Self {
        let mut dice = Dice::of(options.seed, OF_ORDER, index);
        let money = pick_money(dice.below(1_000));
        let lines = lines(&mut dice, money);
        let goods: u64 = lines.iter().map(|line| line.price * line.quantity).sum();
        let discount = if dice.permille(150) { goods / 10 } else { 0 };
        let subtotal = goods - discount;
        let mut shipping = if subtotal > 5_000 * money.factor { 0 } else { 495 * money.factor };
        let customer = pick_customer(&mut dice, options, index);
        let is_changed =
            Dice::of(options.seed, OF_CHANGE, index).permille(options.changed_permille);
        if is_changed && index < options.orders {
            shipping += 100 * money.factor;
        }
        let (tax, on_top) = match money.tax {
            Tax::OnTop(rate) => {
                let tax = (subtotal * rate + 5_000) / 10_000;
                (tax, tax)
            }
            Tax::Within(rate) => (subtotal * rate / (10_000 + rate), 0),
        };
        let mut fate = Dice::of(options.seed, OF_DEFECT, index);
        let defect = fate.permille(options.defects_permille);
        Self {
            index,
            customer,
            money,
            lines,
            discount,
            subtotal,
            shipping,
            tax,
            total: subtotal + shipping + on_top,
            placed: placed(options, index).to_zoned(zone.clone()),
            defect: defect.then(|| Defect::ALL[fate.below(6) as usize]),
            is_changed: is_changed && index < options.orders,
        }
    }
}

fn pick_money(mut dealt: u64) -> &'static Money {
    for money in MONEY {
        if dealt < money.permille {
            return money;
        }
        dealt -= money.permille;
    }
    &MONEY[0]
}

/// One to eight lines, two on average.
fn lines(dice: &mut Dice, money: &Money) -> Vec<Line> {
    let mut lines = Vec::with_capacity(2);
    loop {
        let product = PRODUCTS[dice.below(PRODUCTS.len() as u64) as usize];
        lines.push(Line {
            product,
            price: product.2 * money.factor,
            quantity: [1, 1, 1, 1, 1, 1, 1, 1, 2, 3][dice.below(10) as usize],
        });
        if lines.len() == 8 || dice.below(2) == 0 {
            return lines;
        }
    }
}

/// Customers are drawn from nine for ten orders, so that six of ten orders bring a new one. Half of
/// the extra orders are of customers not seen before.
fn pick_customer(dice: &mut Dice, options: &Generated, index: u64) -> u64 {
    let known = (options.orders * 9 / 10).max(1);
    let customer = dice.below(known);
    let is_new = dice.below(2) == 0;
    match index.checked_sub(options.orders) {
        Some(extra) if is_new => known + extra,
        _ => customer,
    }
}

fn placed(options: &Generated, index: u64) -> Timestamp {
    let clamp = |n: u64| i64::try_from(n).unwrap_or(i64::MAX).min(SPAN_SECONDS);
    let step = (SPAN_SECONDS / clamp(options.orders).max(1)).max(1);
    let before = clamp((options.orders.saturating_sub(index)).saturating_mul(step.unsigned_abs()));
    let after = clamp(index.saturating_sub(options.orders).saturating_mul(60));
    Timestamp::from_second(END - before + after).unwrap_or(Timestamp::UNIX_EPOCH)
}
