//! The declaration by which the platform finds the simulator (`ngabay serve --federation`).

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::{Provider, Simulator};

impl Simulator {
    /// The declaration of both providers. The file `secret` beside it holds the word of the client.
    pub fn declaration(&self, secret: &str) -> String {
        let mut text = String::from(
            "# Written by ngabay-simulators: a simulator, not the national systems.\nformat: 1\nproviders:\n",
        );
        for (provider, key) in [(Provider::Vneid, "vneid"), (Provider::NationalPortal, "dvcqg")] {
            let at = |path| self.address(path);
            let _ = write!(
                text,
                "  - key: {key}
    set: {}
    simulator: true
    issuer: {}
    authorize: {}
    token: {}
    keys: {}
    client_id: {}
    client_secret_file: {secret}
",
                provider.as_str(),
                at(provider.issuer()),
                at(provider.authorize()),
                at(provider.token()),
                at(provider.keys()),
                self.settings().client_id,
            );
            text.push_str(&match provider {
                Provider::Vneid => format!(
                    "    profile: {}\n    logout: {}\n    claims: {{ name: hoVaTen, birth: ngaySinh }}\n",
                    at(provider.profile()),
                    at(provider.logout())
                ),
                Provider::NationalPortal => "    acr_values: LoA1\n    client_auth: basic\n    assurance: { claim: acr, values: { LoA1: low, LoA2: substantial } }\n".to_owned(),
            });
        }
        text
    }

    /// Writes the declaration and, beside it, the secret. Who listens for the file finds it whole.
    pub fn declare(&self, file: &Path) -> Result<()> {
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .context("the declaration needs a name")?;
        let secret = format!("{name}.secret");
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        write_private(&folder.join(&secret), &self.settings().client_secret)?;
        let unfinished = folder.join(format!("{name}.new"));
        write_private(&unfinished, &self.declaration(&secret))?;
        fs::rename(unfinished, file)?;
        Ok(())
    }
}

fn write_private(file: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(file)?.write_all(text.as_bytes())?;
    Ok(())
}
