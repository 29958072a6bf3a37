/** The floor of the framework: Koa with one answer. */
import Koa from 'koa';

const app = new Koa();
app.use((ctx) => {
  ctx.body = 'hello';
});
app.listen(Number(process.env.BENCH_PORT), '127.0.0.1');
