//! By what the keys of the vault are known again: a folder that lost one is noticed before anything is written with another.

use kernel::Result;

use crate::{Op, Ops, store};

/// The number of each key that is in use, and what only this key makes.
pub async fn known(ops: &Ops) -> Result<Vec<(u32, Vec<u8>)>> {
    store::vault_keys(ops.pool()).await
}

/// Keeps them; what is known already stays as it is.
pub async fn remember(ops: &Ops, keys: &[(u32, Vec<u8>)]) -> Result<()> {
    store::add_vault_keys(ops.pool(), keys).await
}

/// A key is taken away for good, in the operation that writes it down.
pub async fn forget(op: &mut Op, number: u32) -> Result<()> {
    store::remove_vault_key(op.conn(), number).await
}
