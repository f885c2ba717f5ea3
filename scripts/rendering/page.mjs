// Markdown on standard input to a page on standard output, which says in its title how the diagrams went.
import { readFileSync } from 'node:fs';
import MarkdownIt from 'markdown-it';

const markdown = new MarkdownIt({ html: true });
const fence = markdown.renderer.rules.fence.bind(markdown.renderer.rules);
markdown.renderer.rules.fence = (tokens, index, ...rest) =>
  tokens[index].info.trim() === 'mermaid'
    ? `<pre class="mermaid">${markdown.utils.escapeHtml(tokens[index].content)}</pre>`
    : fence(tokens, index, ...rest);

const style = readFileSync('node_modules/github-markdown-css/github-markdown-light.css', 'utf8');
process.stdout.write(`<!doctype html>
<meta charset="utf-8">
<style>${style} body { box-sizing: border-box; padding: 24px; }</style>
<body class="markdown-body">
${markdown.render(readFileSync(0, 'utf8'))}
<script src="node_modules/mermaid/dist/mermaid.min.js"></script>
<script>
  mermaid.initialize({ startOnLoad: false });
  mermaid.run().then(
    () => { document.title = 'drawn'; },
    (error) => { document.title = 'refused: ' + error.message.split('\\n')[0]; },
  );
</script>
`);
