namespace ResLora.Experiments.Comparing.Reports;

/// <summary>How report.html looks, and what happens when it is clicked.</summary>
internal static class HtmlPage
{
    /// <summary>How many colors there are for arms.</summary>
    public const int Colors = 8;

    /// <summary>The style sheet: narrow and wide, light and dark.</summary>
    // The colors of the other pictures (Okabe and Ito's), the dark ones made lighter on a dark page.
    public const string Style = """
        :root{color-scheme:light dark;--bg:#fff;--fg:#1a1a1a;--dim:#5f6368;--rule:#d5d8dc;--row:#f5f6f7;
        --c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#e69f00;--c5:#56b4e9;--c6:#000;--c7:#7f7f7f}
        @media (prefers-color-scheme:dark){:root{--bg:#16181b;--fg:#e8eaed;--dim:#a2a8ae;--rule:#3a3f45;--row:#1f2226;
        --c0:#3d9fd8;--c1:#f08040;--c2:#2cc497;--c6:#fff;--c7:#9a9a9a}}
        body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
        main{max-width:1320px;margin:0 auto;padding:16px}
        h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.15rem;margin:2rem 0 .25rem}
        p,li,dd,dt{max-width:80ch}p{margin:.25rem 0 .5rem}ul{padding-left:1.2rem}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px}
        figure{margin:0}figcaption{color:var(--dim);text-align:center;font-size:.9rem}
        figure>svg{width:100%;height:auto;display:block}svg text{fill:var(--dim);font-size:13px}
        .axis{fill:none;stroke:var(--dim)}.grid{fill:none;stroke:var(--rule)}
        .line{fill:none;stroke:var(--c);stroke-width:2.5}.band{fill:var(--c);opacity:.15}.dot{fill:var(--c)}
        .legend button{font:inherit;color:inherit;background:none;border:1px solid var(--rule);border-radius:6px;margin:2px;padding:2px 10px;cursor:pointer}
        .legend button::before{content:"";display:inline-block;width:.8em;height:.8em;margin-right:.5em;background:var(--c);border-radius:2px}
        .legend button[aria-pressed=false]{opacity:.4}.off{display:none}
        .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        th,td{padding:4px 12px;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top;white-space:nowrap}
        .n{text-align:right}tbody tr:nth-child(even){background:var(--row)}
        th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible,.legend button:focus-visible{outline:2px solid var(--c0)}
        th[aria-sort=ascending] button::after{content:" \2191"}th[aria-sort=descending] button::after{content:" \2193"}
        tbody td:first-child,thead th:first-child{position:sticky;left:0;background:var(--bg)}
        dl{display:grid;grid-template-columns:minmax(8ch,max-content) minmax(0,1fr);gap:2px 16px}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
        pre{overflow-x:auto;background:var(--row);padding:12px}

        """;

    /// <summary>Sorts a table by the column that is clicked, and shows or hides the arm that is clicked.</summary>
    public const string Script = """
        for (const head of document.querySelectorAll('th button')) head.onclick = () => {
          const th = head.parentElement, at = th.cellIndex, body = th.closest('table').tBodies[0];
          const up = th.getAttribute('aria-sort') !== 'ascending';
          for (const other of th.parentElement.cells) other.removeAttribute('aria-sort');
          th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
          const key = row => row.cells[at].dataset.v;
          const compare = (a, b) => key(a) === undefined || key(b) === undefined
            ? (key(a) === undefined) - (key(b) === undefined) || (up ? 1 : -1) * a.cells[at].textContent.localeCompare(b.cells[at].textContent)
            : (up ? 1 : -1) * (key(a) - key(b));
          body.append(...[...body.rows].sort(compare));
        };
        for (const arm of document.querySelectorAll('.legend button')) arm.onclick = () => {
          const shown = arm.getAttribute('aria-pressed') !== 'true';
          arm.setAttribute('aria-pressed', shown);
          for (const part of document.querySelectorAll('svg [data-s="' + arm.dataset.s + '"]')) part.classList.toggle('off', !shown);
        };

        """;
}
