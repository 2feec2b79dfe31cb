'use strict';
require('./launch.cjs').main('inject-credentials', 'error', {
  'credentials-injected': '0',
  status: 'error',
  'mount-path': '',
  'mount-status': 'disabled',
});
