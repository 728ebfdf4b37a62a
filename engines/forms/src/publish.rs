//! Putting forms into force, and finding them again.

use std::sync::{Arc, PoisonError};

use kernel::{Fault, Result};
use op::{Entry, Op};
use serde_json::json;

use crate::catalogue::Catalogues;
use crate::definition::FormDefinition;
use crate::{Forms, access, error, store};

impl Forms {
    /// Stores a form under the app and makes it the one with which new drafts begin; open drafts keep theirs. The same
    /// content is stored once: a second publication only makes it current again. Returns the version, SHA-256 as hex.
    ///
    /// # Errors
    /// `forms.not_yours_to_publish`, `forms.catalogue_unknown` {catalogue}.
    pub async fn publish(&self, op: &mut Op, app: &str, form: &FormDefinition) -> Result<String> {
        let subject = format!("form:{app}/{}", form.form);
        let decision = access::publish(op.rights());
        let permit = op.allow("forms.publish", &subject, decision).await?;
        let unknown = form
            .catalogues()
            .into_iter()
            .find(|catalogue| !Catalogues::NAMES.contains(catalogue));
        if let Some(catalogue) = unknown {
            return Err(Fault::invalid("forms.catalogue_unknown").with("catalogue", catalogue));
        }
        let version = form.version();
        store::definition::lock(op.conn(), &permit, app, &form.form).await?;
        let before = store::definition::current_version(op.conn(), app, &form.form).await?;
        if before.as_ref() == Some(&version) {
            return Ok(version);
        }
        let now = op.now();
        store::definition::make_current(op.conn(), &permit, app, form, &version, now).await?;
        op.record(Entry::new("forms.published", subject).detail(json!({ "version": version, "before": before })))
            .await?;
        Ok(version)
    }

    /// The form with which a new draft would begin.
    ///
    /// # Errors
    /// `forms.form_not_found` {app, form}.
    pub async fn current(&self, op: &mut Op, app: &str, form: &str) -> Result<Arc<FormDefinition>> {
        let version = store::definition::current_version(op.conn(), app, form)
            .await?
            .ok_or_else(|| error::form_not_found(app, form))?;
        self.version(op, app, form, &version).await
    }

    /// A published version, parsed once in this program.
    ///
    /// # Errors
    /// `forms.form_not_found` {app, form}.
    pub async fn version(&self, op: &mut Op, app: &str, form: &str, version: &str) -> Result<Arc<FormDefinition>> {
        let known = self
            .cache()
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(version)
            .cloned();
        // The version is the content, so it does not matter under which app it was read first.
        if let Some(known) = known.filter(|known| known.form == form) {
            return Ok(known);
        }
        let read = store::definition::body(op.conn(), app, form, version)
            .await?
            .ok_or_else(|| error::form_not_found(app, form))?;
        let read = Arc::new(read);
        self.cache()
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(version.to_owned(), read.clone());
        Ok(read)
    }
}
