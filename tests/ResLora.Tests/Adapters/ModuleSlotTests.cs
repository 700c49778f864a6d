using ResLora.Adapters;
using ResLora.Formats.Errors;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

public sealed class ModuleSlotTests
{
    private static readonly AdapterConfig _config = new() { Rank = 2, Targets = TargetModules.Suffixes("0") };

    [Fact]
    public void Inject_EntryOfASequential_IsWhatTheModelRuns()
    {
        using var model = new Holder(nn.Sequential(nn.Linear(4, 4), nn.ReLU()));
        using var input = ones(1, 4);
        using var before = model.call(input);

        var adapted = AdaptedModel.Inject(model, _config).WithRandomB();
        using var after = model.call(input);

        adapted.RequireRun();
        Assert.True(TinyAdapters.Distance(before, after) > 1e-3);
        adapted.Remove();
        using var again = model.call(input);
        Assert.Equal(0, TinyAdapters.Distance(before, again));
    }

    [Fact]
    public void Inject_EntryOfAModuleList_IsWhatTheModelRuns()
    {
        using var model = new Listed(nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(4, 4), nn.ReLU()));
        using var input = ones(1, 4);
        using var before = model.call(input);

        AdaptedModel.Inject(model, _config).WithRandomB().Model.eval();

        using var after = model.call(input);
        Assert.True(TinyAdapters.Distance(before, after) > 1e-3);
    }

    [Fact]
    public void Inject_ListThatHoldsLinearLayersOnly_IsRefused()
    {
        using var model = new LinearList();

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Inject(model, _config));

        Assert.Contains("'0': LinearList keeps this layer in a list", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireRun_BlockThatNoPassReaches_IsNamed()
    {
        using var model = new Holder(nn.Sequential(nn.Linear(4, 4), nn.ReLU()));
        var adapted = AdaptedModel.Inject(model, _config);

        var error = Assert.Throws<ConfigException>(() => adapted.RequireRun());

        Assert.Contains("The model never runs inner.0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireRun_OfASharesModules_LeavesTheOthersToThoseWhoRunThem()
    {
        using var model = new Holder(nn.Sequential(nn.Linear(4, 4), nn.ReLU()));
        var adapted = AdaptedModel.Inject(model, _config);

        adapted.RequireRun(isHere: name => name != "inner.0");

        Assert.Throws<ConfigException>(() => adapted.RequireRun(isHere: name => name == "inner.0"));
    }

    private sealed class Holder : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _inner;

        public Holder(nn.Module<Tensor, Tensor> inner) : base(nameof(Holder))
        {
            _inner = inner;
            register_module("inner", inner);
        }

        public override Tensor forward(Tensor input) => _inner.call(input);
    }

    private sealed class Listed : nn.Module<Tensor, Tensor>
    {
        private readonly ModuleList<nn.Module<Tensor, Tensor>> _inner;

        public Listed(ModuleList<nn.Module<Tensor, Tensor>> inner) : base(nameof(Listed))
        {
            _inner = inner;
            register_module("inner", inner);
        }

        public override Tensor forward(Tensor input) => _inner[0].call(input);
    }

    private sealed class LinearList : nn.Module<Tensor, Tensor>
    {
        private readonly List<Linear> _layers = [nn.Linear(4, 4)];

        public LinearList() : base(nameof(LinearList)) => register_module("0", _layers[0]);

        public override Tensor forward(Tensor input) => _layers[0].call(input);
    }
}
