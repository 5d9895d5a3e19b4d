import { SetMetadata } from '@nestjs/common';

export const PUBLIC = 'public';

/** Routes that need no credential: health, metrics, documentation. */
export const Public = () => SetMetadata(PUBLIC, true);
