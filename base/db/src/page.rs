//! Keyset pages: a list continues after the last row seen, so page 10,000 costs what page 1 costs.

use serde::{Deserialize, Serialize};

/// What part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    /// Opaque cursor from the previous [`Page::next`]; `None` asks for the first page.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: u32,
}

impl PageRequest {
    /// Rows of a page when nothing is said.
    pub const USUAL: u32 = 25;
    /// Rows of a page at the most.
    pub const MOST: u32 = 200;

    /// A request with its limit brought into 1 to [`Self::MOST`].
    pub fn new(after: Option<String>, limit: Option<u32>) -> Self {
        Self {
            after: after.filter(|a| !a.is_empty()),
            limit: limit.unwrap_or(Self::USUAL).clamp(1, Self::MOST),
        }
    }

    /// The first page of the usual size.
    pub fn first() -> Self {
        Self::new(None, None)
    }

    /// The number of rows to ask the database for: one more than wanted tells whether there is a next page.
    pub fn probe(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts the probe row off and makes the cursor from the last row kept.
    pub fn cut<K: Serialize>(mut items: Vec<T>, request: &PageRequest, key: impl Fn(&T) -> K) -> Self {
        let wanted = request.limit as usize;
        let more = items.len() > wanted;
        items.truncate(wanted);
        let next = more
            .then(|| items.last().map(|last| crate::cursor::encode(&key(last))))
            .flatten();
        Self { items, next }
    }

    /// The same page with other rows.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(make).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_has_a_cursor_that_decodes_to_its_last_key() {
        let request = PageRequest::new(None, Some(2));
        let page = Page::cut(vec![10, 20, 30], &request, |n| *n);
        assert_eq!(page.items, vec![10, 20]);
        assert_eq!(crate::cursor::decode::<i32>(page.next.as_deref().unwrap()).unwrap(), 20);
    }

    #[test]
    fn the_last_page_has_none() {
        let page = Page::cut(vec![10, 20], &PageRequest::new(None, Some(2)), |n| *n);
        assert_eq!(page.next, None);
    }

    #[test]
    fn limits_are_clamped() {
        assert_eq!(PageRequest::new(None, Some(0)).limit, 1);
        assert_eq!(PageRequest::new(None, Some(9_999)).limit, PageRequest::MOST);
    }
}
