//! What is known of a person, for pre-filling.

use kernel::{PersonId, Result};
use op::Op;

use crate::{Applicant, Forms};

impl Forms {
    /// What `identity` holds of a person, as far as forms ask for it. For the person, and for an official with a purpose,
    /// which is recorded: commit afterwards.
    ///
    /// # Errors
    /// Those of [`identity::Identity::person`].
    pub async fn applicant_of(&self, op: &mut Op, person: PersonId, purpose: &str) -> Result<Applicant> {
        let person = self.identity().person(op, person, purpose).await?;
        Ok(person.into())
    }
}
