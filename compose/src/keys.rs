//! What the engines keep under the keys of the vault: each engine that seals something stands here.

use kernel::Result;
use op::{Op, Ops};
use vault::{KeyUse, Resealed};

use crate::Engines;

impl Engines {
    /// What is kept under which key.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        let mut all = self.identity.keys_in_use(op).await?;
        all.extend(self.federation.keys_in_use(op).await?);
        all.extend(self.openid.keys_in_use(op).await?);
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
        all += self.forms.reseal(ops).await?;
        all += self.privacy.reseal(ops).await?;
        all += self.dossiers.reseal(ops).await?;
        Ok(all)
    }
}
