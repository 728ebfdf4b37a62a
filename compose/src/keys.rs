//! The keys of the vault, and what the engines keep under them: each engine that seals something stands here.

use std::collections::BTreeMap;
use std::path::Path;

use kernel::{Fault, Result};
use op::{Op, Ops, keyring};
use vault::{KeyUse, Resealed, Vault};

use crate::Engines;

/// The vault of a folder, whose keys are those that the database knows. The first start makes the first key; later none is made in place of one that
/// is lost, under which whoever is known would be looked for in vain and be written down a second time. What the database does not know yet is kept
/// there. Fails with `vault.key_missing` {number} where a key is not there or is another one, and with `vault.keys`.
pub async fn vault(ops: &Ops, folder: &Path) -> Result<Vault> {
    let known = keyring::known(ops).await?;
    let vault = match known.last() {
        Some((newest, _)) => Vault::existing(folder, *newest)?,
        None => Vault::open(folder, ops.now())?,
    };
    let proofs = vault.proofs()?;
    let held: BTreeMap<u32, &Vec<u8>> = proofs.iter().map(|(number, proof)| (*number, proof)).collect();
    if let Some((number, _)) = known.iter().find(|(number, proof)| held.get(number) != Some(&proof)) {
        return Err(Fault::internal("vault.key_missing").with("number", number));
    }
    keyring::remember(ops, &proofs).await?;
    Ok(vault)
}

impl Engines {
    /// What is kept under which key.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        let mut all = self.identity.keys_in_use(op).await?;
        all.extend(self.federation.keys_in_use(op).await?);
        all.extend(self.openid.keys_in_use(op).await?);
        all.extend(self.notify.keys_in_use(op).await?);
        all.extend(self.registry.keys_in_use(op).await?);
        all.extend(self.forms.keys_in_use(op).await?);
        all.extend(self.privacy.keys_in_use(op).await?);
        all.extend(self.dossiers.keys_in_use(op).await?);
        Ok(all)
    }

    /// Seals with the newest key what is sealed with an older one, while other programs serve.
    pub async fn reseal(&self, ops: &Ops) -> Result<Resealed> {
        let mut all = self.identity.reseal(ops).await?;
        all += self.federation.reseal(ops).await?;
        all += self.openid.reseal(ops).await?;
        all += self.notify.reseal(ops).await?;
        all += self.registry.reseal(ops).await?;
        all += self.forms.reseal(ops).await?;
        all += self.privacy.reseal(ops).await?;
        all += self.dossiers.reseal(ops).await?;
        Ok(all)
    }
}
