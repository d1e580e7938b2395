'use strict';
// Sorting of tables. The page is complete without it.
for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = table.tHead.rows[0].cells;
  Array.from(heads).forEach((head, column) => {
    if (head.tagName !== 'TH') return;
    const button = document.createElement('button');
    button.type = 'button';
    while (head.firstChild) button.append(head.firstChild);
    head.append(button);
    const numbers = head.classList.contains('n');
    button.addEventListener('click', () => {
      const now = head.getAttribute('aria-sort');
      const first = numbers ? 'descending' : 'ascending';
      const second = numbers ? 'ascending' : 'descending';
      const next = now === first ? second : now === second ? null : first;
      for (const other of heads) other.removeAttribute('aria-sort');
      const sorted = rows.slice();
      if (next) {
        head.setAttribute('aria-sort', next);
        const sign = next === 'ascending' ? 1 : -1;
        const key = (row) => {
          const cell = row.cells[column];
          if (!numbers) return cell.textContent.trim();
          return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
        };
        sorted.sort((a, b) => {
          const x = key(a), y = key(b);
          if (x === null || y === null) return (x === null) - (y === null);
          return sign * (numbers ? x - y : x.localeCompare(y, 'en', { numeric: true }));
        });
      }
      body.append(...sorted);
    });
  });
}
