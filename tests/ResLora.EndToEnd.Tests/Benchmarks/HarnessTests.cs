using ResLora.Benchmarks.Measuring;
using Xunit;

namespace ResLora.EndToEnd.Tests.Benchmarks;

public sealed class HarnessTests
{
    [Fact]
    public void Measure_OfTwoCases_TakesTurnsAndLeavesTheFirstRoundOut()
    {
        var order = new List<string>();
        var harness = new Harness(rounds: 2, _ => { }, CancellationToken.None);

        var times = harness.Measure(
        [
            new Contender("a", () => order.Add("a")) { Prepare = () => order.Add("("), Finish = () => order.Add(")") },
            new Contender("b", () => order.Add("b")) { Repeats = 2 },
        ]);

        Assert.Equal("(a)bb(a)bb(a)bb", string.Concat(order));
        Assert.Equal((2, 2), (times["a"].Values.Count, times["b"].Values.Count));
    }

    [Fact]
    public void Measure_OfACaseThatFails_FinishesIt()
    {
        var finished = false;
        var harness = new Harness(rounds: 1, _ => { }, CancellationToken.None);

        Assert.Throws<InvalidDataException>(() => harness.Measure(
            [new Contender("a", () => throw new InvalidDataException()) { Finish = () => finished = true }]));

        Assert.True(finished);
    }

    [Fact]
    public void Measure_WhenStopped_Ends()
    {
        var runs = 0;
        using var stop = new CancellationTokenSource();
        var harness = new Harness(rounds: 5, _ => { }, stop.Token);

        Assert.Throws<OperationCanceledException>(() => harness.Measure([new Contender("a", () =>
        {
            runs++;
            stop.Cancel();
        })]));

        Assert.Equal(1, runs);
    }
}
