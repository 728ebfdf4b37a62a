//! What the data directory keeps for this program alone: readable by its owner only.

use std::{
    collections::BTreeMap,
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, Result};
use compose::province::DemoAccount;
use rand::{Rng, RngExt};

const ACCOUNTS: &str = "demo-accounts.json";

/// Written beside and renamed into place, so that a killed program never leaves half a file.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    let beside = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    Ok(())
}

/// The key of form tokens; made at the first start.
pub(crate) fn form_key(data: &Path) -> Result<[u8; 32]> {
    fs::create_dir_all(data)?;
    let path = data.join("form.key");
    match fs::read(&path) {
        Ok(bytes) => bytes
            .try_into()
            .map_err(|_| anyhow::anyhow!("{} is not a key of 32 bytes", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut key = [0; 32];
            rand::rng().fill_bytes(&mut key);
            write(&path, &key)?;
            Ok(key)
        }
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// The passwords of the demonstration: made once, before the accounts that use them, and kept for `ngabay demo accounts`.
pub(crate) fn passwords(data: &Path, names: &[&str]) -> Result<BTreeMap<String, String>> {
    let path = data.join("demo-passwords.json");
    let mut known: BTreeMap<String, String> = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error.into()),
    };
    let before = known.len();
    for name in names {
        known.entry((*name).to_owned()).or_insert_with(password);
    }
    if known.len() > before {
        write(&path, &serde_json::to_vec_pretty(&known)?)?;
    }
    Ok(known)
}

/// Four groups of four letters and digits that are not easily mistaken for each other: about 80 bits.
fn password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    let group = |random: &mut rand::rngs::ThreadRng| -> String {
        (0..4)
            .map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]))
            .collect()
    };
    (0..4).map(|_| group(&mut random)).collect::<Vec<_>>().join("-")
}

/// Keeps the list of accounts.
pub(crate) fn keep_accounts(data: &Path, accounts: &[DemoAccount]) -> Result<()> {
    write(&data.join(ACCOUNTS), &serde_json::to_vec_pretty(accounts)?)
}

/// The accounts of the demonstration that this data directory was loaded with.
pub(crate) fn accounts(data: &Path) -> Result<Vec<DemoAccount>> {
    let path = data.join(ACCOUNTS);
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_slice(&bytes)?)
}
