//! One generated order, independent of its format.

use super::csv_rows::Decimal;
use fastrand::Rng;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::io;

/// What to generate. The same options give the same bytes; the order of an index is the same for
/// the same `orders` and `seed`, whatever the other options are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GeneratorOptions {
    pub orders: u64,
    pub seed: u64,
    /// Orders with a defect, per thousand.
    pub defects_permille: u16,
    /// Orders per thousand whose total differs from an export with 0 here: the export of the next
    /// day.
    pub changed_permille: u16,
    /// New orders after the others.
    pub extra_orders: u64,
}

/// Each purpose has separate random numbers, so that requesting defects or changes alters no other
/// order.
#[derive(Clone, Copy)]
enum Purpose {
    Order = 1,
    Defect = 2,
    Change = 3,
}

/// Random numbers for one purpose and the order of this index.
fn rng_for(seed: u64, purpose: Purpose, index: u64) -> Rng {
    let start = Rng::with_seed(seed ^ (purpose as u64).rotate_left(48)).u64(..);
    Rng::with_seed(start ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn permille(rng: &mut Rng, share: u16) -> bool {
    rng.u16(..1_000) < share
}

/// 2026-10-31 12:00:00 UTC: when the last of the requested orders was placed; extra ones follow.
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
pub struct Pricing {
    pub code: &'static str,
    /// Of its minor unit.
    pub digits: usize,
    /// Minor units for one hundredth of a price in the list.
    factor: u64,
    /// Orders per thousand.
    permille: u64,
    tax: Tax,
}

/// In units of 1/10,000.
#[derive(Clone, Copy)]
enum Tax {
    OnTop(u64),
    Within(u64),
}

const PRICINGS: &[Pricing] = &[
    pricing("USD", 2, 1, 800, Tax::OnTop(825)),
    pricing("EUR", 2, 1, 80, Tax::Within(1_900)),
    pricing("GBP", 2, 1, 60, Tax::Within(2_000)),
    pricing("JPY", 0, 1, 30, Tax::Within(1_000)),
    pricing("KWD", 3, 3, 30, Tax::Within(0)),
];

const fn pricing(
    code: &'static str,
    digits: usize,
    factor: u64,
    permille: u64,
    tax: Tax,
) -> Pricing {
    Pricing { code, digits, factor, permille, tax }
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

    /// The reason for which the loader must refuse the order.
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
pub struct Order {
    pub index: u64,
    pub customer: u64,
    pub pricing: &'static Pricing,
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

impl Order {
    /// The order of this index: the same for the same seed and number of orders, whatever the other
    /// options are.
    pub fn new(options: &GeneratorOptions, index: u64, zone: &TimeZone) -> Self {
        let mut rng = rng_for(options.seed, Purpose::Order, index);
        let pricing = pick_pricing(rng.u64(..1_000));
        let lines = lines(&mut rng, pricing);
        let goods: u64 = lines.iter().map(|line| line.price * line.quantity).sum();
        let discount = if permille(&mut rng, 150) { goods / 10 } else { 0 };
        let subtotal = goods - discount;
        let mut shipping = if subtotal > 5_000 * pricing.factor { 0 } else { 495 * pricing.factor };
        let customer = pick_customer(&mut rng, options, index);
        let is_changed =
            permille(&mut rng_for(options.seed, Purpose::Change, index), options.changed_permille);
        if is_changed && index < options.orders {
            shipping += 100 * pricing.factor;
        }
        let (tax, on_top) = match pricing.tax {
            Tax::OnTop(rate) => {
                let tax = (subtotal * rate + 5_000) / 10_000;
                (tax, tax)
            }
            Tax::Within(rate) => (subtotal * rate / (10_000 + rate), 0),
        };
        let mut defects = rng_for(options.seed, Purpose::Defect, index);
        let is_defective = permille(&mut defects, options.defects_permille);
        Self {
            index,
            customer,
            pricing,
            lines,
            discount,
            subtotal,
            shipping,
            tax,
            total: subtotal + shipping + on_top,
            placed: placed(options, index).to_zoned(zone.clone()),
            defect: is_defective.then(|| Defect::ALL[defects.usize(..Defect::ALL.len())]),
            is_changed: is_changed && index < options.orders,
        }
    }

    /// The shop's own id of it.
    pub fn id(&self) -> u64 {
        5_400_000_000_000 + self.index * 1_024
    }

    pub fn amount(&self, minor: u64) -> Decimal {
        Decimal { minor, digits: self.pricing.digits }
    }

    /// The total as the export states it.
    pub fn stated_total(&self) -> String {
        match self.defect {
            Some(Defect::BadTotal) => "1.234,50".to_owned(),
            _ => self.amount(self.total).to_string(),
        }
    }

    pub fn stated_currency(&self) -> &'static str {
        if self.defect == Some(Defect::BadCurrency) { "XQZ" } else { self.pricing.code }
    }

    /// When it was placed, in the format of the export.
    pub fn stated_date(&self, format: &str) -> String {
        let format = if self.defect == Some(Defect::BadDate) { "%d/%m/%Y %H:%M" } else { format };
        self.placed.strftime(format).to_string()
    }

    pub fn stated_email(&self) -> Option<String> {
        let customer = self.customer;
        let domain = ["example.com", "example.org", "example.net"][(customer % 3) as usize];
        match self.defect {
            Some(Defect::NoEmail) => None,
            Some(Defect::BadEmail) => Some(format!("buyer{customer} at {domain}")),
            _ => Some(format!("buyer{customer}@{domain}")),
        }
    }

    /// The quantity of a line; that of the first one may be the defect.
    pub fn stated_quantity(&self, line: usize) -> String {
        match self.defect {
            Some(Defect::BadQuantity) if line == 0 => "one".to_owned(),
            _ => self.lines[line].quantity.to_string(),
        }
    }
}

/// The orders of an export, from the oldest to the newest.
pub fn orders(options: &GeneratorOptions) -> io::Result<impl Iterator<Item = Order>> {
    let zone = TimeZone::get("America/New_York").map_err(io::Error::other)?;
    let indices = 0..options.orders.saturating_add(options.extra_orders);
    Ok(indices.map(move |index| Order::new(options, index, &zone)))
}

fn pick_pricing(mut drawn: u64) -> &'static Pricing {
    for pricing in PRICINGS {
        if drawn < pricing.permille {
            return pricing;
        }
        drawn -= pricing.permille;
    }
    &PRICINGS[0]
}

/// One to eight lines, two on average.
fn lines(rng: &mut Rng, pricing: &Pricing) -> Vec<Line> {
    let mut lines = Vec::with_capacity(2);
    loop {
        let product = PRODUCTS[rng.usize(..PRODUCTS.len())];
        lines.push(Line {
            product,
            price: product.2 * pricing.factor,
            quantity: [1, 1, 1, 1, 1, 1, 1, 1, 2, 3][rng.usize(..10)],
        });
        if lines.len() == 8 || rng.bool() {
            return lines;
        }
    }
}

/// Customers are drawn from nine for ten orders, so that six of ten orders bring a new one. Half of
/// the extra orders are from new customers.
fn pick_customer(rng: &mut Rng, options: &GeneratorOptions, index: u64) -> u64 {
    let known = (options.orders * 9 / 10).max(1);
    let customer = rng.u64(..known);
    let is_new = rng.bool();
    match index.checked_sub(options.orders) {
        Some(extra) if is_new => known + extra,
        _ => customer,
    }
}

fn placed(options: &GeneratorOptions, index: u64) -> Timestamp {
    let clamp = |n: u64| i64::try_from(n).unwrap_or(i64::MAX).min(SPAN_SECONDS);
    let step = (SPAN_SECONDS / clamp(options.orders).max(1)).max(1);
    let before = clamp((options.orders.saturating_sub(index)).saturating_mul(step.unsigned_abs()));
    let after = clamp(index.saturating_sub(options.orders).saturating_mul(60));
    Timestamp::from_second(END - before + after).unwrap_or(Timestamp::UNIX_EPOCH)
}
