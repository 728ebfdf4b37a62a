//! Putting definitions into force, and finding them again.

use std::sync::{Arc, PoisonError};

use kernel::{Fault, Result};
use op::{Entry, Op};
use uuid::Uuid;

use crate::definition::Definition;
use crate::model::{DefinitionKey, Published};
use crate::store::definition::NewDefinition;
use crate::{Workflow, access, store};

impl Workflow {
    /// Stores a definition under the app and makes it the one that new instances take. The same content is stored once: a
    /// second publication only makes it current again. Instances that run keep the version that they began with.
    pub async fn publish(&self, op: &mut Op, app_key: &str, definition: &Definition) -> Result<Published> {
        let key = DefinitionKey::new(app_key, definition.key());
        let subject = format!("process:{}/{}", key.app, key.process);
        let decision = access::publish(op.rights(), "workflow.publish");
        let permit = op.allow("workflow.publish", &subject, decision).await?;
        store::definition::lock(op.conn(), &permit, &key).await?;
        let sha256 = definition.sha256();
        let known = store::definition::with_content(op.conn(), &key, &sha256).await?;
        if let Some(known) = &known
            && known.current
        {
            return Ok(Published {
                id: known.id,
                version: known.version,
                new: false,
            });
        }
        let published = match known {
            Some(known) => Published {
                id: known.id,
                version: known.version,
                new: false,
            },
            None => {
                let version = store::definition::newest_version(op.conn(), &key).await? + 1;
                let id = Uuid::now_v7();
                let at = op.now();
                let new = NewDefinition {
                    id,
                    version,
                    sha256: &sha256,
                    bpmn: definition.bpmn(),
                    binding: definition.yaml(),
                    at,
                };
                store::definition::insert(op.conn(), &permit, &key, &new).await?;
                Published { id, version, new: true }
            }
        };
        store::definition::make_current(op.conn(), &permit, &key, published.id).await?;
        op.record(Entry::new("workflow.published", subject).detail(&published))
            .await?;
        Ok(published)
    }

    pub(crate) async fn current(&self, op: &mut Op, key: &DefinitionKey) -> Result<(Uuid, i32)> {
        let version = store::definition::current(op.conn(), key).await?;
        version.map(|version| (version.id, version.version)).ok_or_else(|| {
            Fault::not_found("workflow.definition_not_found")
                .with("app", &key.app)
                .with("process", &key.process)
        })
    }

    /// A stored definition, parsed once in this program: rows never change.
    pub(crate) async fn definition(&self, op: &mut Op, id: Uuid) -> Result<Arc<Definition>> {
        let cached = self
            .cache()
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned();
        if let Some(cached) = cached {
            return Ok(cached);
        }
        let files = store::definition::files(op.conn(), id)
            .await?
            .ok_or_else(|| Fault::not_found("workflow.definition_not_found"))?;
        let read = Definition::read_published(&files.bpmn, &files.binding).map_err(|problems| {
            Fault::internal("workflow.definition_broken")
                .with("what", id)
                .caused_by(problems)
        })?;
        let read = Arc::new(read);
        self.cache()
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, read.clone());
        Ok(read)
    }
}
