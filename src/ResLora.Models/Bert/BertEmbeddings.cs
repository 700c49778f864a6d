using ResLora.Models.Blocks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

/// <summary>What enters the first layer: norm(word + position + type), with dropout.</summary>
internal sealed class BertEmbeddings : Module
{
    private readonly BertConfig _config;
    [ComponentName(Name = "position_embeddings")] private readonly Module<Tensor, Tensor> _positions;
    [ComponentName(Name = "token_type_embeddings")] private readonly Module<Tensor, Tensor> _types;
    [ComponentName(Name = "LayerNorm")] private readonly LayerNormalization _norm;

    public BertEmbeddings(BertConfig config) : base(nameof(BertEmbeddings))
    {
        _config = config;
        Words = Slots.Embedding(config.VocabularySize, config.HiddenSize);
        _positions = Slots.Embedding(config.PositionRows, config.HiddenSize);
        _types = Slots.Embedding(config.TypeCount, config.HiddenSize);
        _norm = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        RegisterComponents();
    }

    [field: ComponentName(Name = "word_embeddings")]
    public Module<Tensor, Tensor> Words { get; }

    /// <summary>The rows of words [V, D], without a block's change.</summary>
    public Parameter Rows => LookupTable.In(Words).Weight;

    public Tensor Forward(TokenInput input)   // [B, T] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        // Called in the order of their registration, which is the network's order of execution.
        var positions = _positions.call(Positions(input.Ids));                // [1 or B, T] -> [1 or B, T, D]
        var types = _types.call(input.TypeIds ?? zeros_like(input.Ids));      // [B, T] -> [B, T, D]
        var words = Words.call(input.Ids);                                    // [B, T] -> [B, T, D]
        return functional.dropout(_norm.call(words + types + positions), _config.HiddenDropout, training).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// BERT counts from 0. RoBERTa counts the tokens that are not padding, from the padding token's id + 1; padding has that id itself.
    /// </summary>
    private Tensor Positions(Tensor ids)   // [B, T] -> [1 or B, T]
    {
        if (!_config.IsRoberta)
        {
            return arange(ids.shape[1], device: ids.device).unsqueeze(0);
        }

        var tokens = ids.ne(_config.PadId).to(int64);
        return tokens.cumsum(1) * tokens + _config.PadId;
    }
}
