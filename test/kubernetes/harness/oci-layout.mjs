// oci-layout.mjs SPEC.json OUT: writes an OCI image layout whose images share layers.
// SPEC is { layers: { NAME: { file, diffId } }, images: { REFERENCE: { layers: [NAME], config } } }.
import { createHash } from 'node:crypto';
import { createReadStream, linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [specFile, out] = process.argv.slice(2);
const spec = JSON.parse(readFileSync(specFile, 'utf8'));
const blobs = join(out, 'blobs', 'sha256');
mkdirSync(blobs, { recursive: true });

const layers = {};
for (const [name, { file, diffId }] of Object.entries(spec.layers)) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const hex = hash.digest('hex');
  linkSync(file, join(blobs, hex));
  const descriptor = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
    digest: `sha256:${hex}`,
    size: statSync(file).size,
  };
  layers[name] = { descriptor, diffId };
}

const manifests = Object.entries(spec.images).map(([reference, image]) => {
  const config = putJson('application/vnd.oci.image.config.v1+json', {
    created: '1970-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: image.config,
    rootfs: { type: 'layers', diff_ids: image.layers.map((name) => layers[name].diffId) },
  });
  const manifest = putJson('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: image.layers.map((name) => layers[name].descriptor),
  });
  return { ...manifest, annotations: { 'io.containerd.image.name': reference } };
});

writeFileSync(join(out, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
writeFileSync(join(out, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));

function putJson(mediaType, value) {
  const bytes = Buffer.from(JSON.stringify(value));
  const hex = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(blobs, hex), bytes);
  return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
}
