//! DER as a tree that can be changed and written again with fitting lengths.

use crate::forge::der;

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its tag.
    pub tag: u8,
    /// What is in it.
    pub inside: Inside,
}

/// The contents of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Elements.
    Nodes(Vec<Node>),
}

impl Node {
    /// Reads one element with short tags and definite lengths; `None` for anything else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match read(bytes)? {
            (node, []) => Some(node),
            _ => None,
        }
    }

    /// Writes it.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        match &self.inside {
            Inside::Bytes(bytes) => der::element(self.tag, bytes),
            Inside::Nodes(nodes) => {
                der::element(self.tag, &nodes.iter().flat_map(Self::write).collect::<Vec<_>>())
            }
        }
    }

    /// How many elements there are, this one counted.
    #[must_use]
    pub fn count(&self) -> usize {
        match &self.inside {
            Inside::Bytes(_) => 1,
            Inside::Nodes(nodes) => 1 + nodes.iter().map(Self::count).sum::<usize>(),
        }
    }

    /// Puts other elements in the place of the one with this number, counted from the outside in.
    pub fn change(&mut self, number: usize, change: &mut dyn FnMut(Self) -> Vec<Self>) {
        let Inside::Nodes(nodes) = &mut self.inside else { return };
        let mut before = 1;
        for at in 0..nodes.len() {
            let count = nodes[at].count();
            if number == before {
                let new = change(nodes[at].clone());
                nodes.splice(at..=at, new);
                return;
            }
            if number < before + count {
                return nodes[at].change(number - before, change);
            }
            before += count;
        }
    }
}

fn read(bytes: &[u8]) -> Option<(Node, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (digits.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
        }
        _ => return None,
    };
    let (mut contents, rest) = rest.split_at_checked(length)?;
    let inside = if tag & 0x20 == 0 {
        Inside::Bytes(contents.to_vec())
    } else {
        let mut nodes = Vec::new();
        while !contents.is_empty() {
            let (node, behind) = read(contents)?;
            nodes.push(node);
            contents = behind;
        }
        Inside::Nodes(nodes)
    };
    Some((Node { tag, inside }, rest))
}

#[cfg(test)]
mod tests {
    use super::{Inside, Node};

    #[test]
    fn what_is_read_is_written_again_and_changes_keep_lengths_right() {
        let bytes = [0x30, 8, 2, 1, 5, 0x31, 3, 4, 1, 7];
        let mut node = Node::read(&bytes).unwrap();
        assert_eq!((node.write(), node.count()), (bytes.to_vec(), 4));
        node.change(3, &mut |mut inner| {
            inner.inside = Inside::Bytes(vec![1, 2, 3]);
            vec![inner.clone(), inner]
        });
        assert_eq!(node.write(), [0x30, 15, 2, 1, 5, 0x31, 10, 4, 3, 1, 2, 3, 4, 3, 1, 2, 3]);
        assert_eq!(Node::read(&[0x30, 0x80, 0, 0]), None);
    }
}
