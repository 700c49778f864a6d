using ResLora.Experiments.Workloads;
using ResLora.Experiments.Workloads.Generation;
using ResLora.Experiments.Workloads.TextLabels;
using ResLora.Formats.Errors;
using ResLora.Tests.Models;
using ResLora.Tests.Training;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads;

public sealed class WorkloadRegistryTests
{
    [Fact]
    public void Tasks_OfAllWorkloads_AreDifferentAndFindTheirOwn()
    {
        Assert.Equal(WorkloadRegistry.Tasks.Distinct(StringComparer.Ordinal), WorkloadRegistry.Tasks);
        Assert.IsType<GenerationWorkload>(WorkloadRegistry.Of("gsm8k"));
        Assert.IsType<LabelledWorkload>(WorkloadRegistry.Of("cola"));
    }

    [Fact]
    public void Of_UnknownTask_SuggestsTheNearest()
    {
        var error = Assert.Throws<ConfigException>(() => WorkloadRegistry.Of("svam"));

        Assert.StartsWith("There is no task 'svam'. Did you mean 'svamp'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_Networks_IsTheOneThatTheyFit()
    {
        using var llama = TinyModel.Create();
        using var bert = TinyBert.Create("bert");

        Assert.IsType<GenerationWorkload>(WorkloadRegistry.Of(llama, "m"));
        Assert.IsType<LabelledWorkload>(WorkloadRegistry.Of(bert, "m"));
    }

    [Fact]
    public void Require_NetworkThatCannotDoTheTask_SaysWhatToTake()
    {
        using var bert = TinyBert.Create("bert");

        var error = Assert.Throws<ConfigException>(() => WorkloadRegistry.Of("svamp").Require("svamp", bert, "my-bert"));

        Assert.Equal(
            "Task 'svamp' generates text, and my-bert is an encoder; take a task with labels, or a model of the Llama family.",
            error.Message);
    }
}
