'use strict';
require('./launch.cjs').main('setup-codeql-cache', 'warning', {
  'cache-status': 'error',
  'should-skip-scan': 'false',
  'cached-result': '',
  'cache-dir': '',
  reason: 'runnerfs could not be started, so the scan runs',
  'needs-upload': 'false',
  'mount-path': '',
  'mount-status': 'disabled',
});
