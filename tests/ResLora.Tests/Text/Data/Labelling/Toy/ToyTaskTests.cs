using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using Xunit;

namespace ResLora.Tests.Text.Data.Labelling.Toy;

/// <summary>A task with labels is one entry and one registration.</summary>
public sealed class ToyTaskTests : IDisposable
{
    private readonly IDisposable _registered = LabelledTaskRegistry.Register(ToyTask.Spec);
    private readonly TestFiles _files = new();

    [Fact]
    public void Read_RegisteredTask_HasItsLabelsAndColumns()
    {
        var path = _files.Write("train.csv", "text,mood\nit rains,sad\nit shines,glad\n");

        var data = LabelledTaskRegistry.Get("toy").Read(path, TaskSplit.Train);

        Assert.Equal(["sad", "glad"], data.Labels!.Names);
        Assert.Equal([0, 1], data.Texts.Select(text => text.Label!.Value));
        Assert.Contains(LabelledTaskRegistry.All, task => task.Name == "toy");
    }

    [Fact]
    public void Register_NameThatIsTaken_IsRefused() => Assert.Throws<ArgumentException>(() => LabelledTaskRegistry.Register(ToyTask.Spec));

    [Fact]
    public void Register_TakenOutAgain_IsThereNoMore()
    {
        _registered.Dispose();

        Assert.Throws<ConfigException>(() => LabelledTaskRegistry.Get("toy"));
    }

    public void Dispose()
    {
        _registered.Dispose();
        _files.Dispose();
    }
}
