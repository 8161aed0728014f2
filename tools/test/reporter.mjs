import mocha from 'mocha'

/** Shows mocha's usual list and writes the JSON report to $ENIGMA_TEST_REPORT, from which the counts are taken. */
export default class ListAndReport extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const output = process.env.ENIGMA_TEST_REPORT
    if (output !== undefined) this.report = new mocha.reporters.JSON(runner, { reporterOption: { output } })
  }
}
