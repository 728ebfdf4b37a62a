//! Administrative areas: what a code means on a day (R048).

use chrono::NaiveDate;
use kernel::{Result, text};
use op::Op;

use crate::model::{Area, AreaLevel};
use crate::{Identity, access, error, store};

impl Identity {
    /// Writes an area; the natural key is the code and the first day. Loading the same twice changes nothing.
    /// Fails with `identity.overlap` where the code means something else on one of the days.
    pub async fn upsert_area(&self, op: &mut Op, area: &Area) -> Result<()> {
        let permit = op
            .allow(
                "identity.upsert_area",
                &format!("area:{}", area.code),
                access::organise(op.rights(), "identity.upsert_area"),
            )
            .await?;
        let area = checked(area)?;
        store::area::upsert(op.conn(), &permit, &area).await
    }

    /// The area that the code means on the day. Fails with `identity.area_not_found`.
    pub async fn area(&self, op: &mut Op, code: &str, on: NaiveDate) -> Result<Area> {
        store::area::get(op.conn(), code.trim(), on)
            .await?
            .ok_or_else(|| error::area_not_found(code))
    }

    /// The areas directly under one; the provinces when none is given. In Vietnamese order.
    pub async fn areas(&self, op: &mut Op, parent: Option<&str>, on: NaiveDate) -> Result<Vec<Area>> {
        store::area::children(op.conn(), parent, on).await
    }

    /// The provinces of which it is known what lies below: as a rule this one alone. Places in the others are named in words.
    pub async fn divided_provinces(&self, op: &mut Op, on: NaiveDate) -> Result<Vec<Area>> {
        store::area::divided(op.conn(), on).await
    }

    /// All wards of a district or of a province, whether there are districts between or not.
    pub async fn wards_of(&self, op: &mut Op, area: &str, on: NaiveDate) -> Result<Vec<Area>> {
        store::area::wards(op.conn(), area, on).await
    }

    /// The codes of all wards with the days on which each means something: for whoever judges what was true on many days.
    pub async fn ward_days(&self, op: &mut Op) -> Result<Vec<(String, NaiveDate, Option<NaiveDate>)>> {
        store::area::ward_days(op.conn()).await
    }

    /// The area and those above it, the lowest first: ward, district if there is one, province.
    pub async fn area_path(&self, op: &mut Op, code: &str, on: NaiveDate) -> Result<Vec<Area>> {
        let path = store::area::path(op.conn(), code.trim(), on).await?;
        if path.is_empty() {
            return Err(error::area_not_found(code));
        }
        Ok(path)
    }
}

pub(crate) fn checked(area: &Area) -> Result<Area> {
    let digits = match area.level {
        AreaLevel::Province => 2,
        AreaLevel::District => 3,
        AreaLevel::Ward => 5,
    };
    let is_code = |code: &str| code.bytes().all(|b| b.is_ascii_digit());
    if area.code.len() != digits || !is_code(&area.code) {
        return Err(error::malformed("code"));
    }
    let fits = match (area.level, area.parent.as_deref()) {
        (AreaLevel::Province, None) => true,
        (AreaLevel::District, Some(parent)) => parent.len() == 2 && is_code(parent),
        (AreaLevel::Ward, Some(parent)) => matches!(parent.len(), 2 | 3) && is_code(parent),
        _ => false,
    };
    if !fits {
        return Err(error::malformed("parent"));
    }
    if !area.validity.is_ordered() {
        return Err(error::days_reversed());
    }
    let name = text::clean_line(&area.name);
    if name.is_empty() {
        return Err(error::required("name"));
    }
    Ok(Area { name, ..area.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Validity;

    #[test]
    fn codes_have_the_length_of_their_level() {
        let ward = Area {
            code: "31340".into(),
            level: AreaLevel::Ward,
            parent: Some("931".into()),
            name: " Phường  Ngã Bảy".into(),
            validity: Validity::since("2004-01-01".parse().unwrap()),
        };
        assert_eq!(checked(&ward).unwrap().name, "Phường Ngã Bảy");
        assert_eq!(
            checked(&Area {
                parent: Some("92".into()),
                ..ward.clone()
            })
            .unwrap()
            .parent
            .unwrap(),
            "92"
        );
        let code = |area: &Area| checked(area).unwrap_err().fields[0].field.clone();
        assert_eq!(
            code(&Area {
                code: "3134".into(),
                ..ward.clone()
            }),
            "code"
        );
        assert_eq!(
            code(&Area {
                parent: None,
                ..ward.clone()
            }),
            "parent"
        );
        assert_eq!(
            code(&Area {
                level: AreaLevel::Province,
                code: "93".into(),
                ..ward.clone()
            }),
            "parent"
        );
        assert_eq!(
            code(&Area {
                name: "\u{200b}".into(),
                ..ward.clone()
            }),
            "name"
        );
        let validity = Validity {
            from: "2025-07-01".parse().unwrap(),
            to: Some("2025-06-30".parse().unwrap()),
        };
        assert_eq!(code(&Area { validity, ..ward }), "valid_to");
    }
}
