//! What is known of a person, for pre-filling.

use kernel::{PersonId, Result};
use op::Op;

use crate::{Applicant, Forms};

impl Forms {
    /// What `identity` holds of a person, as far as forms ask for it. For the person, and for an official with a purpose,
    /// which is recorded: commit afterwards. Whoever acts for a child applies with the child's data; for an organisation with their own; a power of
    /// attorney opens nobody's data.
    ///
    /// # Errors
    /// Those of [`identity::Identity::person`].
    pub async fn applicant_of(&self, op: &mut Op, person: PersonId, purpose: &str) -> Result<Applicant> {
        if let Some(acting) = op.actor().acts_for().cloned()
            && op.actor().person() == Some(person)
        {
            if !acting.whole {
                return Ok(Applicant::default());
            }
            let represented = self.identity().person(op, acting.person, purpose).await?;
            if represented.personal_number.is_some() {
                return Ok(represented.into());
            }
        }
        let person = self.identity().person(op, person, purpose).await?;
        Ok(person.into())
    }
}
