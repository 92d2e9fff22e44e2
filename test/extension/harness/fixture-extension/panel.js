// Draws four bars and says so; the two buttons do what the harness must notice.
const pen = document.getElementById('chart').getContext('2d');
['crimson', 'teal', 'orange', 'navy'].forEach((colour, index) => {
  pen.fillStyle = colour;
  pen.fillRect(20 + index * 70, 20 * index, 50, 150 - 20 * index);
});
document.body.dataset.drawn = '1';

document.getElementById('break-policy').addEventListener('click', () => {
  const style = document.createElement('style');
  style.textContent = 'h1 { color: red }';
  document.head.append(style);
});

document.getElementById('break-rules').addEventListener('click', () => {
  document.querySelector('main').append(document.createElement('img'), document.createElement('button'));
});
