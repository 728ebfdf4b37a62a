-- The engine above keeps the lists of work; nobody asks for them here, and every task paid for these two.
DROP INDEX workflow.task_worklist;
DROP INDEX workflow.task_assignee;
