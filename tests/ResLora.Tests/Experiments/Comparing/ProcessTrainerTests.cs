using ResLora.Experiments;
using ResLora.Experiments.Comparing;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing;

/// <summary>With a script in the tool's place, which is given the tool's words.</summary>
public sealed class ProcessTrainerTests(CompareWorld world) : IClassFixture<CompareWorld>
{
    [Fact]
    public void Train_AProcessThatEndsWell_GivesWhatItSays()
    {
        var record = Train(
            "process-done",
            "echo told >&2; test \"$1 $3\" = 'train --json' && test -f \"$2\" && echo '{\"trainableParameters\": 12, \"peakMemory\": 34}'");

        Assert.Equal((12, 34), (record.TrainedParameters, record.PeakMemory!.Value));
    }

    [Fact]
    public void Train_ByAProcessThatIsARank_IsNoRankItself()
    {
        const string variable = "OMPI_COMM_WORLD_SIZE";
        Environment.SetEnvironmentVariable(variable, "1");
        try
        {
            Assert.Equal(
                3,
                Train("process-of-a-rank", $"test -z \"${variable}\" && echo '{{\"trainableParameters\": 3}}'").TrainedParameters);
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    [Fact]
    public void Train_AProcessThatPausesWhereItWasTold_GivesWhatItSays()
    {
        const string script = "echo '{\"trainableParameters\": 7, \"peakMemory\": null, \"result\": {\"steps\": 2}}'; exit 130";

        Assert.Equal(7, Train("process-paused", script, pauseAt: 2).TrainedParameters);
        Assert.Throws<OperationCanceledException>(() => Train("process-ended-before", script, pauseAt: 3));
    }

    [Fact]
    public void Train_ARunThatGoesOn_AsksForIt() =>
        Assert.Equal(
            5,
            Train(
                "process-resumed",
                "test \"$4\" = --resume && echo '{\"trainableParameters\": 5, \"peakMemory\": null}'",
                resume: true).TrainedParameters);

    [Fact]
    public void Train_AProcessThatFails_GivesItsReasonAndWhatToDo()
    {
        const string script = "echo '{\"error\": \"Training stopped in step 3.\", \"exitCode\": 1}'; exit 1";

        var error = Assert.Throws<RunFailedException>(() => Train("process-failed", script));

        Assert.Contains("a, seed 1: Training stopped in step 3. No arm and no seed is dropped", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_AProcessOfBadInput_IsBadInput() => Assert.Contains(
        "no such file", Assert.Throws<ConfigException>(
            () => Train("process-input", "echo '{\"error\": \"no such file\"}'; exit 2")).Message, StringComparison.Ordinal);

    [Fact]
    public void Train_AProcessThatIsKilled_SaysSo() => Assert.Contains(
        "its process ended with code 137 and without a result", Assert.Throws<RunFailedException>(
            () => Train("process-killed", "exit 137")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Train_Stopped_AsksTheProcessToEndAndWaitsForIt()
    {
        using var stop = new CancellationTokenSource();
        var (began, ended) = (world.Folder["began"], world.Folder["ended"]);
        var script = $"trap 'touch {ended}; exit 130' TERM; touch {began}; while true; do sleep 0.05; done";

        var training = Task.Run(
            () => TrainUntil("process-stopped", script, resume: false, stop.Token), TestContext.Current.CancellationToken);
        await CancelOnce(began, stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => training);
        Assert.True(File.Exists(ended));
    }

    [Fact]
    public async Task Train_DoneAfterItWasAskedToEnd_IsDone()
    {
        using var stop = new CancellationTokenSource();
        var (began, asked) = (world.Folder["late-began"], world.Folder["late-asked"]);
        var script = $"trap '' TERM; touch {began}; while ! test -f {asked}; do sleep 0.05; done; "
            + "echo '{\"trainableParameters\": 9, \"peakMemory\": 10}'";

        var training = Task.Run(() => TrainUntil("process-late", script, resume: false, stop.Token), TestContext.Current.CancellationToken);
        await CancelOnce(began, stop);
        await File.WriteAllTextAsync(asked, "", TestContext.Current.CancellationToken);

        var record = await training;
        Assert.Equal((9, 10), (record.TrainedParameters, record.PeakMemory!.Value));
    }

    /// <summary>Cancels as soon as a script has made a file.</summary>
    private static async Task CancelOnce(string file, CancellationTokenSource stop)
    {
        while (!File.Exists(file))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await stop.CancelAsync();
    }

    private RunRecord Train(string output, string script, bool resume = false, int? pauseAt = null) =>
        TrainUntil(output, script, resume, TestContext.Current.CancellationToken, pauseAt);

    private RunRecord TrainUntil(string output, string script, bool resume, CancellationToken stop, int? pauseAt = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A script of a shell stands in for the tool.");
        var config = world.Config(output, world.Settings(1), ("a", CompareWorld.Same), ("b", CompareWorld.Middle));
        var plan = ComparePlan.Of(config);
        var run = PlannedRun.Of(plan, plan.Arms[0], 1, 0.05);
        run = run with { Config = run.Config with { Training = run.Config.Training with { PauseAt = pauseAt } } };
        return new ProcessTrainer(["/bin/sh", "-c", script, "tool"], null).Train(run, resume, stop);
    }
}
