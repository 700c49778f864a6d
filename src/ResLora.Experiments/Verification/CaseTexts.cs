using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>A causal language model, or an encoder with its head: ids, a mask, types of tokens and labels go in.</summary>
/// <param name="model">The model; from now on the case's own.</param>
/// <param name="inputs">inputs.safetensors, borrowed.</param>
internal sealed class CaseTexts(LanguageModel model, SafetensorsReader inputs) : CaseNetwork(inputs)
{
    private const long Ignored = -100;

    public override Network Model => model;

    public override bool HasPadding => true;

    public override void Check(string prefix)
    {
        using var scope = NewDisposeScope();
        var ids = Integers(prefix + "input_ids", 0, model.VocabularySize - 1);
        Shapes.Require(ids, prefix + "input_ids", Shapes.Any, Shapes.Any);
        Shapes.Require(Integers(prefix + "attention_mask", 0, 1), prefix + "attention_mask", ids.shape);
        if (model is EncoderModel typed && Inputs.Entries.ContainsKey(prefix + "token_type_ids"))
        {
            Shapes.Require(Integers(prefix + "token_type_ids", 0, typed.TypeCount - 1), prefix + "token_type_ids", ids.shape);
        }

        if (prefix.Length > 0)
        {
            return;
        }

        if (model is EncoderModel encoder)
        {
            CheckLabels(encoder.Head, ids.shape[0]);
        }
        else
        {
            Shapes.Require(Integers("labels", Ignored, model.VocabularySize - 1), "labels", ids.shape);
        }
    }

    public override Tensor Hidden(string prefix)
    {
        var (ids, mask) = (Inputs.Read(prefix + "input_ids"), Inputs.Read(prefix + "attention_mask"));
        var types = prefix + "token_type_ids";
        return model switch
        {
            CausalLanguageModel causal => causal.Hidden(ids, mask),
            EncoderModel encoder =>
                encoder.Hidden(new TokenInput(ids, mask, Inputs.Entries.ContainsKey(types) ? Inputs.Read(types) : null)),
            _ => throw new InvalidOperationException($"{model.GetType().Name} is neither a causal model nor an encoder."),
        };
    }

    public override Tensor? Mask(string prefix) => Inputs.Read(prefix + "attention_mask");

    public override Tensor Logits(Tensor hidden) =>
        model is EncoderModel encoder ? encoder.TextLogits(hidden) : ((CausalLanguageModel)model).Logits(hidden);

    /// <summary>That of labels, or next-token cross entropy over the labels that are not -100.</summary>
    public override Tensor Loss(Tensor logits)
    {
        if (model is EncoderModel encoder)
        {
            return LabelLoss(encoder.Head, logits);
        }

        var labels = Inputs.Read("labels");
        var scores = logits.narrow(1, 0, logits.shape[1] - 1).flatten(0, 1);    // [B, T, V] -> [B·(T−1), V]
        var targets = labels.narrow(1, 1, labels.shape[1] - 1).flatten();       // [B, T] -> [B·(T−1)]
        return nn.functional.cross_entropy(scores, targets, ignore_index: Ignored);
    }
}
