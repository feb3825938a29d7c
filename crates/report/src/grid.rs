//! Answers about named platforms, laid out: a row a platform, a column a subject and phase.

use loadworthy_core::answer::{Answered, Answers, Phase, Subject};
use loadworthy_core::verdict::Verdict;

/// The layout.
pub(crate) struct Grid<'a> {
    /// What was judged, each with a phase, in the order of the answers.
    pub(crate) heads: Vec<(&'a Subject, Phase)>,
    /// The platforms, in the order of the answers.
    pub(crate) rows: Vec<&'a str>,
    all: &'a [Answered],
}

fn on(a: &Answered) -> &str {
    a.on.as_deref().unwrap_or("this host")
}

impl<'a> Grid<'a> {
    /// Lays answers out.
    pub(crate) fn of(answers: &'a Answers) -> Self {
        let mut grid = Self { heads: Vec::new(), rows: Vec::new(), all: &answers.answers };
        for a in grid.all {
            if !grid.heads.contains(&(&a.subject, a.phase)) {
                grid.heads.push((&a.subject, a.phase));
            }
            if !grid.rows.contains(&on(a)) {
                grid.rows.push(on(a));
            }
        }
        grid
    }

    /// The answers of a column.
    pub(crate) fn column(&self, head: (&'a Subject, Phase)) -> impl Iterator<Item = &'a Answered> {
        self.all.iter().filter(move |a| (&a.subject, a.phase) == head)
    }

    /// The answer of a cell.
    pub(crate) fn cell(&self, head: (&'a Subject, Phase), row: &str) -> Option<&'a Answered> {
        self.column(head).find(|a| on(a) == row)
    }

    /// `loads on 3 of 4`, `installs on 4 of 4: everywhere`.
    pub(crate) fn tally(&self, head: (&'a Subject, Phase)) -> String {
        let loads =
            |a: &&Answered| matches!(a.judgement.verdict, Verdict::Loads | Verdict::LoadsTainted);
        let (count, of) = (self.column(head).filter(loads).count(), self.column(head).count());
        let verb = if head.1 == Phase::Load { "loads" } else { "installs" };
        let everywhere = if count == of { ": everywhere" } else { "" };
        format!("{verb} on {count} of {of}{everywhere}")
    }
}

/// What stands in a cell.
pub(crate) fn words(a: &Answered) -> String {
    let asks = a.judgement.says.windows.as_ref().is_some_and(|w| w.prompt.is_some());
    match &a.judgement.verdict {
        Verdict::Loads if asks => "loads, asks".to_owned(),
        Verdict::Loads => "loads".to_owned(),
        Verdict::LoadsTainted => "loads, audited".to_owned(),
        Verdict::Refused(code) => format!("refused {code}"),
        Verdict::Unknown(_) => "unknown".to_owned(),
    }
}
