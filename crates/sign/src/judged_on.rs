//! What was signed for Windows, before its release: every platform that was named is asked.
//!
//! A driver is asked about with the catalogs beside it, a catalog with its package; both as they will be
//! when everything is released. Programs and libraries are loaded by no kernel, and not asked about.

use std::collections::BTreeMap;
use std::path::PathBuf;

use loadworthy_assess::windows::{OnRequest, check_in_place};
use loadworthy_core::answer::Kind;
use loadworthy_core::signed::{Judged, Target};

use crate::judged::accepts;
use crate::order::Task;
use crate::prepared::Prepared;

/// Asks every platform of `request` about every file of Windows; the first gets the number `from`.
pub(crate) fn ask(
    from: usize,
    request: &OnRequest,
    tasks: &[Task],
    files: &mut [Prepared],
) -> Vec<Target> {
    let in_place: BTreeMap<PathBuf, PathBuf> = tasks
        .iter()
        .zip(files.iter())
        .filter_map(|(task, file)| {
            Some((task.from.canonicalize().ok()?, file.part.as_ref()?.path().to_owned()))
        })
        .collect();
    let mut targets = Vec::new();
    for (number, on) in request.on.iter().enumerate() {
        let mut target = Target { name: on.clone(), kernel: None, problem: None };
        for (task, file) in tasks.iter().zip(files.iter_mut()) {
            let is_judged = matches!(file.row.kind, Some(Kind::WindowsDriver | Kind::Catalog));
            if file.part.is_none() || !is_judged {
                continue;
            }
            let request = OnRequest {
                on: vec![on.clone()],
                subjects: vec![task.from.display().to_string()],
                ..request.clone()
            };
            match check_in_place(&request, &in_place) {
                Ok(answers) => {
                    file.row.judged.extend(answers.answers.into_iter().map(|answered| Judged {
                        target: from + number,
                        accepts: accepts(&answered),
                        answered,
                    }))
                }
                Err(trouble) => target.problem = Some(trouble.to_string()),
            }
        }
        targets.push(target);
    }
    targets
}
