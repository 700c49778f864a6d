using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

/// <summary>The programs of samples/csharp, each as a process in an empty folder beside the sample model.</summary>
public sealed class SampleProgramTests
{
    [Theory]
    [InlineData("FineTune", @"60 steps, last loss 0\.[0-3]\d\d; the adapter is in runs/fine-tune/lora", "runs/fine-tune/lora/adapter_config.json")]
    [InlineData("Generate", @"^Tom has 12 cakes and eats one\. How many are left\? \d+", null)]
    [InlineData("MergeAndMeasure", @"LeastSquares +loss 0\.\d{4} becomes 0\.\d{4}", "runs/merge-and-measure/last")]
    [InlineData("Observe", @"Step 40: eval_loss [\s\S]+Best \d\.\d{4} at step 40", "runs/observe/checkpoints")]
    [InlineData("OwnNetwork", @"step 25: loss 1\.[\s\S]+step 100: loss 0\.", null)]
    [InlineData("RunSettings", @"40 steps, 32768 parameters trained", "runs/run-settings/config.yaml")]
    public void Run_InAnEmptyFolder_DoesWhatItShows(string name, string output, string? leaves)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateSymbolicLink(folder["samples"], Path.Combine(Repository.Root, "samples"));

        var result = Command.Run(folder.Path, [], "dotnet", Repository.BuiltProgram(name)).Expect(0);

        Assert.Matches(output, result.Output);
        Assert.True(leaves is null || Path.Exists(folder[leaves]), leaves);
    }
}
