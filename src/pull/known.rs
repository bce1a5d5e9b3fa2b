use super::gone::ids_of;
use super::manifest::PulledWindow;
use super::order_id::OrderId;
use super::shops::shop_named;
use std::collections::BTreeSet;

/// The orders of an export that no longer exist in the shop: its full window found them gone, and
/// no later window contains them or lists them as undeliverable.
pub fn gone_orders(export: &[PulledWindow]) -> Vec<OrderId> {
    let Some((full, later)) = export.split_first() else { return Vec::new() };
    if full.manifest.gone.is_empty() {
        return Vec::new();
    }
    let ids = |window: &PulledWindow| {
        let held = shop_named(&window.manifest.api).map(|system| ids_of(window, system));
        window.manifest.failed_ids().chain(held.into_iter().flatten()).collect::<Vec<_>>()
    };
    let back: BTreeSet<OrderId> = later.iter().flat_map(ids).collect();
    full.manifest.gone.iter().filter(|id| !back.contains(id)).cloned().collect()
}

/// The orders of an export that the next full pull must request, as they may be gone.
pub fn missing_orders(export: &[PulledWindow]) -> &[OrderId] {
    export.first().map_or(&[], |full| &full.manifest.missing)
}
